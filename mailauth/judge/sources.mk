JUDGE_SRCS =
JUDGE_SRCS += authreswrite.c
JUDGE_SRCS += judge.c
JUDGE_SRCS += judgefacts.c
