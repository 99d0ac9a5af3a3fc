DMARC_SRCS =
DMARC_SRCS += dmarc.c
DMARC_SRCS += dmarc_check.c
