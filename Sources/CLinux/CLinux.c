#define _GNU_SOURCE
#include "CLinux.h"

static __thread void *current_loop;

void *gateway_current_loop(void) { return current_loop; }

void gateway_set_current_loop(void *loop) { current_loop = loop; }

int gateway_accept(int listening) { return accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC); }

void gateway_ignore_sigpipe(void) { signal(SIGPIPE, SIG_IGN); }
