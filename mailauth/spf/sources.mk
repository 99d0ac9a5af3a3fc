SPF_SRCS =
SPF_SRCS += spf.c
SPF_SRCS += spf_macro.c
SPF_SRCS += spf_ptr.c
SPF_SRCS += spf_record.c
SPF_SRCS += spf_term.c
