DKIM_SRCS =
DKIM_SRCS += dkim.c
DKIM_SRCS += dkim_canon.c
DKIM_SRCS += dkimkeys.c
DKIM_SRCS += taglist.c
