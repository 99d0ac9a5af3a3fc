SPF_SRCS =
SPF_SRCS += spf.c
SPF_SRCS += spf_record.c
