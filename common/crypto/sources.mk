CRYPTO_SRCS =
CRYPTO_SRCS += keys.c
CRYPTO_SRCS += oauthtext.c
CRYPTO_SRCS += seal.c
CRYPTO_SRCS += token.c
