CONF_SRCS =
CONF_SRCS += conf.c
CONF_SRCS += conflex.c
CONF_SRCS += confset.c
CONF_SRCS += dnslistname.c
CONF_SRCS += listfile.c
CONF_SRCS += parse.y
CONF_SRCS += printconf.c
