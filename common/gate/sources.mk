GATE_SRCS =
GATE_SRCS += gate.c
GATE_SRCS += gatelimit.c
