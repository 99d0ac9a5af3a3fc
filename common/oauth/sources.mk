OAUTH_SRCS =
OAUTH_SRCS += oauthanswer.c
OAUTH_SRCS += oauthfetch.c
OAUTH_SRCS += oauthfetch_form.c
OAUTH_SRCS += oauthfetch_loop.c
