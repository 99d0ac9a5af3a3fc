COURIER_SRCS =
COURIER_SRCS += courier.c
COURIER_SRCS += courier_mail.c
COURIER_SRCS += courier_msg.c
COURIER_SRCS += courier_pool.c
COURIER_SRCS += courier_session.c
COURIER_SRCS += dotstream.c
COURIER_SRCS += smtpcmd.c
