PROC_SRCS =
PROC_SRCS += address_cache.c
PROC_SRCS += ipc.c
PROC_SRCS += ipcpack.c
PROC_SRCS += landlock.c
PROC_SRCS += privsep.c
PROC_SRCS += sandbox.c
PROC_SRCS += seccomp.c
