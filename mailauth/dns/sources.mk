DNS_SRCS =
DNS_SRCS += dns_query.c
DNS_SRCS += dnscache.c
DNS_SRCS += dnscares.c
DNS_SRCS += dnsipc.c
DNS_SRCS += dnslist.c
