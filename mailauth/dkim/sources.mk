DKIM_SRCS =
DKIM_SRCS += dkim_canon.c
DKIM_SRCS += dkim_verify.c
DKIM_SRCS += dkimkeys.c
DKIM_SRCS += taglist.c
