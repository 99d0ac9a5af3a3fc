COMMON_SRCS =
COMMON_SRCS += log.c
COMMON_SRCS += lograte.c
COMMON_SRCS += sbuf.c
COMMON_SRCS += ipc.c
COMMON_SRCS += ipcbuf.c
COMMON_SRCS += ipcpack.c
COMMON_SRCS += imsgwire.c
