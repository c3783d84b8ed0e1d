#define _GNU_SOURCE
#include "CLinux.h"

static __thread void *current_loop;

void *gateway_current_loop(void) { return current_loop; }

void gateway_set_current_loop(void *loop) { current_loop = loop; }

int gateway_accept(int listening) { return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

void gateway_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }

int gateway_spawn_alone_in(posix_spawn_file_actions_t *actions, const char *folder) {
  int result = posix_spawn_file_actions_addclosefrom_np(actions, 3);
  return result != 0 ? result : posix_spawn_file_actions_addchdir_np(actions, folder);
}
