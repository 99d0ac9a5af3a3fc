/*
 * Copyright (c) 2026 The opensmtpd-relay developers
 *
 * Permission to use, copy, modify, and distribute this software for any
 * purpose with or without fee is hereby granted, provided that the above
 * copyright notice and this permission notice appear in all copies.
 *
 * THE SOFTWARE IS PROVIDED "AS IS" AND THE AUTHOR DISCLAIMS ALL WARRANTIES
 * WITH REGARD TO THIS SOFTWARE INCLUDING ALL IMPLIED WARRANTIES OF
 * MERCHANTABILITY AND FITNESS. IN NO EVENT SHALL THE AUTHOR BE LIABLE FOR
 * ANY SPECIAL, DIRECT, INDIRECT, OR CONSEQUENTIAL DAMAGES OR ANY DAMAGES
 * WHATSOEVER RESULTING FROM LOSS OF USE, DATA OR PROFITS, WHETHER IN AN
 * ACTION OF CONTRACT, NEGLIGENCE OR OTHER TORTIOUS ACTION, ARISING OUT OF
 * OR IN CONNECTION WITH THE USE OR PERFORMANCE OF THIS SOFTWARE.
 */

/*
 * See seccomp(2).  The program is built here, a comparison for each call.
 */

#ifdef __linux__

#include <sys/types.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "proc/seccomp.h"

#if defined(__x86_64__)
#define SECCOMP_ARCH	AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define SECCOMP_ARCH	AUDIT_ARCH_AARCH64
#endif

#ifdef SECCOMP_ARCH

#define SECCOMP_PROG	1024		/* instructions */
#define SECCOMP_X32	0x40000000	/* x86_64: the other ABI's calls */

#define SECCOMP_LOW(n)	((unsigned int)offsetof(struct seccomp_data,	\
	args[n]))			/* little endian: the lower half */

struct seccomp_prog {
	struct sock_filter	code[SECCOMP_PROG];
	size_t			len;
	int			failed;
};

static const int calls_base[] = {
	__NR_read, __NR_write, __NR_epoll_pwait, __NR_epoll_ctl,
	__NR_recvmsg, __NR_sendmsg, __NR_readv, __NR_writev, __NR_recvfrom,
	__NR_sendto, __NR_pread64, __NR_pwrite64, __NR_lseek, __NR_close,
	__NR_fstat, __NR_fcntl, __NR_ftruncate, __NR_ppoll, __NR_pselect6,
	__NR_epoll_create1, __NR_eventfd2, __NR_timerfd_create,
	__NR_timerfd_settime, __NR_dup, __NR_dup3,
	__NR_brk, __NR_munmap, __NR_mremap, __NR_madvise, __NR_futex,
	__NR_clock_gettime, __NR_clock_nanosleep, __NR_nanosleep,
	__NR_gettimeofday, __NR_getpid, __NR_getppid, __NR_gettid,
	__NR_getuid, __NR_geteuid, __NR_getgid, __NR_getegid,
	__NR_getrandom, __NR_rt_sigaction, __NR_rt_sigprocmask,
	__NR_rt_sigreturn, __NR_restart_syscall, __NR_sigaltstack,
	__NR_exit, __NR_exit_group,
#ifdef __x86_64__
	__NR_epoll_wait, __NR_epoll_create, __NR_poll, __NR_select,
	__NR_dup2, __NR_time,
#endif
#ifdef SANDBOX_LOOSE
	__NR_openat, __NR_readlinkat, __NR_getdents64, __NR_prlimit64,
	__NR_sched_getaffinity, __NR_sched_yield, __NR_mmap, __NR_mprotect,
	__NR_statx, __NR_newfstatat, __NR_tkill, __NR_rt_sigtimedwait,
	__NR_prctl, __NR_getcwd, __NR_faccessat,
#ifdef __x86_64__
	__NR_open, __NR_readlink, __NR_stat, __NR_access, __NR_arch_prctl,
#endif
#endif
};

static const int calls_files[] = {
	__NR_openat, __NR_newfstatat, __NR_statx, __NR_faccessat,
	__NR_unlinkat, __NR_renameat, __NR_renameat2, __NR_readlinkat,
	__NR_getcwd, __NR_getdents64, __NR_fsync, __NR_fdatasync,
	__NR_fallocate, __NR_flock, __NR_fchmod, __NR_fchown, __NR_umask,
	__NR_utimensat, __NR_fstatfs, __NR_statfs, __NR_msync,
#ifdef __NR_faccessat2
	__NR_faccessat2,
#endif
#ifdef __x86_64__
	__NR_open, __NR_stat, __NR_lstat, __NR_access, __NR_unlink,
	__NR_rename, __NR_readlink,
#endif
};

static const int calls_fork[] = {
	__NR_wait4, __NR_waitid, __NR_kill, __NR_tgkill, __NR_socketpair,
	__NR_pipe2, __NR_set_robust_list, __NR_prlimit64, __NR_setitimer,
	__NR_openat, __NR_newfstatat, __NR_getsockopt,
	__NR_seccomp, 444, 445, 446,	/* landlock */
#ifdef __NR_rseq
	__NR_rseq,
#endif
#ifdef __NR_close_range
	__NR_close_range,
#endif
#ifdef __x86_64__
	__NR_pipe, __NR_alarm,
#endif
};

static const int calls_net[] = {
	__NR_connect, __NR_bind, __NR_listen, __NR_accept4, __NR_getsockname,
	__NR_getpeername, __NR_setsockopt, __NR_getsockopt, __NR_shutdown,
	__NR_sendmmsg, __NR_recvmmsg, __NR_accept,
};

/* A process of ours that comes here is not ours any more. */
static const int calls_deadly[] = {
	__NR_execve, __NR_execveat, __NR_ptrace, __NR_process_vm_readv,
	__NR_process_vm_writev, __NR_bpf, __NR_perf_event_open,
	__NR_init_module, __NR_finit_module, __NR_delete_module,
	__NR_kexec_load, __NR_mount, __NR_umount2, __NR_pivot_root,
	__NR_chroot, __NR_setns, __NR_unshare, __NR_reboot, __NR_swapon,
	__NR_keyctl, __NR_add_key, __NR_request_key, __NR_userfaultfd,
	__NR_open_by_handle_at, __NR_personality,
};

static void
add_instruction(struct seccomp_prog *p, uint16_t code, uint32_t k, uint8_t jt,
    uint8_t jf)
{
	struct sock_filter *f;

	if (p->len == SECCOMP_PROG) {
		p->failed = 1;
		return;
	}
	f = &p->code[p->len++];
	f->code = code;
	f->k = k;
	f->jt = jt;
	f->jf = jf;
}

static void
add_return(struct seccomp_prog *p, uint32_t what)
{
	add_instruction(p, BPF_RET | BPF_K, what, 0, 0);
}

/* The number of the call is in the accumulator, here and between rules. */
static void
add_rule(struct seccomp_prog *p, int nr, uint32_t what)
{
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 1);
	add_return(p, what);
}

static void
add_rules(struct seccomp_prog *p, const int *nr, size_t n, uint32_t what)
{
	size_t i;

	for (i = 0; i < n; i++)
		add_rule(p, nr[i], what);
}

/* Allows a call if (its argument & mask) is value, else refuses it. */
static void
add_arg_rule(struct seccomp_prog *p, int nr, int arg, uint32_t mask,
    uint32_t value)
{
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 5);
	add_instruction(p, BPF_LD | BPF_W | BPF_ABS, SECCOMP_LOW(arg), 0, 0);
	add_instruction(p, BPF_ALU | BPF_AND | BPF_K, mask, 0, 0);
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	add_return(p, SECCOMP_RET_ALLOW);
	add_return(p, SECCOMP_RET_ERRNO | EPERM);
}

/* Refuses a call if its argument is value; else the next rules decide. */
static void
deny_arg(struct seccomp_prog *p, int nr, int arg, uint32_t value)
{
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)nr, 0, 4);
	add_instruction(p, BPF_LD | BPF_W | BPF_ABS, SECCOMP_LOW(arg), 0, 0);
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, value, 0, 1);
	add_return(p, SECCOMP_RET_ERRNO | EPERM);
	add_instruction(p, BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, nr), 0, 0);
}

/* What depends on an argument. */
static void
add_arg_rules(struct seccomp_prog *p, int groups)
{
	const uint32_t ns = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC |
	    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWCGROUP;

	add_arg_rule(p, __NR_mmap, 2, PROT_EXEC, 0);
	add_arg_rule(p, __NR_mprotect, 2, PROT_EXEC, 0);
	/* fstat() of newer C libraries. */
	add_arg_rule(p, __NR_newfstatat, 3, 0x1000, 0x1000);
	/* abort() signals its own process. */
	add_arg_rule(p, __NR_tgkill, 0, ~0U, (uint32_t)getpid());
	if (groups & SECCOMP_FORK) {
		add_arg_rule(p, __NR_clone, 0, ns, 0);
		add_arg_rule(p, __NR_prctl, 0, ~0U, PR_SET_NO_NEW_PRIVS);
	}
	if (groups & SECCOMP_NET)	/* AF_INET, AF_INET6: 2 and 10 */
		add_arg_rule(p, __NR_socket, 0, ~8U, AF_INET);
	/* The C library then uses clone, whose flags can be looked at. */
	add_rule(p, 435, SECCOMP_RET_ERRNO | ENOSYS);
}

int
seccomp_works(void)
{
	uint32_t action = SECCOMP_RET_KILL_PROCESS;

	return syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0,
	    &action) == 0;
}

#define RULES(list, what)						\
	add_rules(p, list, sizeof(list) / sizeof(list[0]), what)

static void
build_program(struct seccomp_prog *p, int groups)
{
	add_instruction(p, BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, arch), 0, 0);
	add_instruction(p, BPF_JMP | BPF_JEQ | BPF_K, SECCOMP_ARCH, 1, 0);
	add_return(p, SECCOMP_RET_KILL_PROCESS);
	add_instruction(p, BPF_LD | BPF_W | BPF_ABS,
	    offsetof(struct seccomp_data, nr), 0, 0);
	add_instruction(p, BPF_JMP | BPF_JGE | BPF_K, SECCOMP_X32, 0, 1);
	add_return(p, SECCOMP_RET_KILL_PROCESS);
	/* A descriptor can be made to signal another process. */
	deny_arg(p, __NR_fcntl, 1, F_SETOWN);
	deny_arg(p, __NR_fcntl, 1, F_SETOWN_EX);
	deny_arg(p, __NR_fcntl, 1, F_SETSIG);
	RULES(calls_base, SECCOMP_RET_ALLOW);
	if (groups & SECCOMP_FILES)
		RULES(calls_files, SECCOMP_RET_ALLOW);
	if (groups & SECCOMP_FORK)
		RULES(calls_fork, SECCOMP_RET_ALLOW);
	if (groups & SECCOMP_NET)
		RULES(calls_net, SECCOMP_RET_ALLOW);
	RULES(calls_deadly, SECCOMP_RET_KILL_PROCESS);
	add_arg_rules(p, groups);
	add_return(p, SECCOMP_RET_ERRNO | EPERM);
}

int
seccomp_confine(int groups)
{
	struct seccomp_prog p;
	struct sock_fprog prog;

	memset(&p, 0, sizeof(p));
	build_program(&p, groups);
	if (p.failed) {
		errno = E2BIG;
		return -1;
	}
	prog.len = (unsigned short)p.len;
	prog.filter = p.code;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return -1;
	return (int)syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog);
}

#else

/* Its system calls and byte order are not known here. */

int
seccomp_works(void)
{
	return 0;
}

int
seccomp_confine(int groups)
{
	(void)groups;
	errno = ENOSYS;
	return -1;
}

#endif

#endif
