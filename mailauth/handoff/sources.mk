HANDOFF_SRCS =
HANDOFF_SRCS += handoff.c
HANDOFF_SRCS += handrules.c
HANDOFF_SRCS += received.c
HANDOFF_SRCS += received_addr.c
