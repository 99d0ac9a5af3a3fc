CTL_SRCS =
CTL_SRCS += ctl.c
CTL_SRCS += ctl_check.c
CTL_SRCS += smtprelayctl.c
