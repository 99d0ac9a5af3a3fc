HANDOFF_SRCS =
HANDOFF_SRCS += handoff.c
HANDOFF_SRCS += received.c
