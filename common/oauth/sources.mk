OAUTH_SRCS =
OAUTH_SRCS += oauthanswer.c
OAUTH_SRCS += oauthfetch.c
