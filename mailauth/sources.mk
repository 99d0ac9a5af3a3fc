MAILAUTH_SRCS =
MAILAUTH_SRCS += dns.c
MAILAUTH_SRCS += dnstable.c
MAILAUTH_SRCS += spf.c
MAILAUTH_SRCS += spf_macro.c
MAILAUTH_SRCS += spf_ptr.c
MAILAUTH_SRCS += spf_record.c
MAILAUTH_SRCS += spf_term.c
