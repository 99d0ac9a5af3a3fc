COMMON_SRCS =
COMMON_SRCS += log.c
COMMON_SRCS += lograte.c
COMMON_SRCS += sbuf.c
