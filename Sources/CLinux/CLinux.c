#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/filter.h>
#include <linux/sockios.h>
#include <malloc.h>
#include <sched.h>
#include <sys/ioctl.h>

static __thread void *current_loop;

void *gateway_current_loop(void) { return current_loop; }

void gateway_set_current_loop(void *loop) { current_loop = loop; }

void gateway_prepare_loop_thread(const char *name) {
  sigset_t broken_pipe;
  sigemptyset(&broken_pipe);
  sigaddset(&broken_pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
  gateway_name_thread(name);
}

void gateway_name_thread(const char *name) { pthread_setname_np(pthread_self(), name); }

int gateway_usable_cores(void) {
  cpu_set_t cores;
  if (sched_getaffinity(0, sizeof cores, &cores) == 0) return CPU_COUNT(&cores);
  return (int)sysconf(_SC_NPROCESSORS_ONLN);
}

int gateway_accept(int listening) { return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

void gateway_drop_new_connections(int listening) {
  // The filter sees a packet from its TCP header on. Byte 13 has the flags; bit 1 is SYN (RFC 9293 §3.1).
  struct sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 2, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, 0),
      BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
  };
  struct sock_fprog program = {.len = sizeof code / sizeof *code, .filter = code};
  setsockopt(listening, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

int gateway_unsent_bytes(int socket) {
  int count = 0;
  return ioctl(socket, SIOCOUTQ, &count) == 0 ? count : 0;
}

void gateway_give_memory_back(void) { malloc_trim(0); }

int gateway_set_file_limit(pid_t process, uint64_t soft, uint64_t hard) {
  struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
  return prlimit(process, RLIMIT_NOFILE, &limit, NULL);
}

void gateway_file_limit(uint64_t *soft, uint64_t *hard) {
  struct rlimit limit = {0, 0};
  getrlimit(RLIMIT_NOFILE, &limit);
  *soft = limit.rlim_cur;
  *hard = limit.rlim_max;
}

void gateway_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

void gateway_restore_default(int number) { signal(number, SIG_DFL); }

int gateway_spawn_alone_in(posix_spawn_file_actions_t *actions, const char *folder) {
  int result = posix_spawn_file_actions_addclosefrom_np(actions, 3);
  return result != 0 ? result : posix_spawn_file_actions_addchdir_np(actions, folder);
}
