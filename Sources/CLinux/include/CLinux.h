#ifndef GATEWAY_CLINUX_H
#define GATEWAY_CLINUX_H

#include "ByteScan.h"
#include "JSONBytes.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The event loop whose thread this is, or NULL. A thread-local, so no lock guards it.
void *gateway_current_loop(void);
void gateway_set_current_loop(void *loop);

// Names the calling thread (15 bytes at the most), for `ps -L` and debuggers, and blocks SIGPIPE in it: OpenSSL writes
// with write(2), and a peer that has gone must be an error code there, not the end of the process.
void gateway_prepare_loop_thread(const char *name);

// Names the calling thread (pthread_setname_np is hidden without _GNU_SOURCE).
void gateway_name_thread(const char *name);

// How many cores the calling thread may run on (sched_getaffinity: what taskset and cpusets leave).
int gateway_usable_cores(void);

// errno is a macro over a function call in C; Swift reads it through this.
static inline int gateway_errno(void) { return errno; }

// Monotonic time in nanoseconds since an unspecified start (CLOCK_MONOTONIC).
static inline uint64_t gateway_monotonic_nanoseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

// Makes a write to a connection whose peer has gone fail with EPIPE instead of ending the process (SIG_IGN is a cast,
// which Swift cannot import).
void gateway_ignore_sigpipe(void);

// Has a signal do what it does by default (SIG_DFL is a cast as well).
void gateway_restore_default(int signal);

// Takes one pending connection, non-blocking and closed on exec (accept4 is hidden without _GNU_SOURCE).
int gateway_accept(int listening);

// Has the kernel drop the first packet (SYN) of each further connection to a listening TCP socket, as if the network had
// lost it: the client sends it again a second later. Handshakes under way go on. Connections that come of those inherit
// the filter, where it does nothing. Where the kernel has no socket filters, nothing is dropped.
void gateway_drop_new_connections(int listening);

// Bytes of a TCP connection that the other end has not acknowledged (SIOCOUTQ); 0 if that cannot be told.
int gateway_unsent_bytes(int socket);

// Gives memory that the program has freed back to the system (malloc_trim is glibc's own).
void gateway_give_memory_back(void);

// The limits of open files of this process, and how to set those of a process (0: this one). Returns 0 or -1 with errno.
void gateway_file_limit(uint64_t *soft, uint64_t *hard);
int gateway_set_file_limit(pid_t process, uint64_t soft, uint64_t hard);

// Tells a child that is to be spawned to leave every file but 0, 1 and 2 closed and to start in `folder`. Returns 0 or
// an errno. (Both calls are hidden from Swift, being glibc's own.)
int gateway_spawn_alone_in(posix_spawn_file_actions_t *actions, const char *folder);

#endif
