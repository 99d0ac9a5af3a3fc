SCRUB_SRCS =
SCRUB_SRCS += bodycmd.c
SCRUB_SRCS += edit.c
SCRUB_SRCS += scrub.c
SCRUB_SRCS += secrets.c
SCRUB_SRCS += textlex.c
