// Requests at a fixed pace over some connections, as strangers send them: a slow answer does not slow the pace down. What
// is measured is the time from when a request was due to its whole answer, so that a queue in the server counts for all
// that wait in it.
//
// Arguments: port, connections, requests a second, seconds, file of requests. In the file each request stands behind its
// length in bytes and a line end. Prints: RESULT requests microseconds p50 p99 errors (microseconds), like report.lua.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct request { const char *bytes; size_t length; };
struct connection {
  int socket;
  bool is_busy;
  int64_t due;
  size_t received;
  char answer[1 << 18];
};

static struct request *requests;
static size_t request_count;
static struct connection *connections;
static int *idle, idle_count;
static double *taken;
static size_t taken_count, errors;

static void stop(const char *what) {
  fprintf(stderr, "pace: %s\n", what);
  exit(1);
}

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void read_requests(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) stop("the file of requests cannot be read");
  size_t room = 0;
  char line[32];
  while (fgets(line, sizeof line, file)) {
    size_t length = strtoul(line, NULL, 10);
    char *bytes = malloc(length);
    if (!bytes || fread(bytes, 1, length, file) != length) stop("a request is cut short");
    if (request_count == room) requests = realloc(requests, (room = room ? 2 * room : 1024) * sizeof *requests);
    requests[request_count++] = (struct request){bytes, length};
  }
  fclose(file);
  if (!request_count) stop("the file has no request");
}

static int connect_to(int port) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1, descriptor = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0 || connect(descriptor, (struct sockaddr *)&address, sizeof address)) stop("cannot connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  return descriptor;
}

static void send_on(struct connection *connection, struct request request, int64_t due) {
  connection->is_busy = true;
  connection->due = due;
  connection->received = 0;
  if (send(connection->socket, request.bytes, request.length, MSG_NOSIGNAL) != (ssize_t)request.length)
    stop("a request could not be sent whole");
}

// The length of the answer that the bytes begin with, or 0 while its head is not there.
static size_t answer_length(const char *bytes, size_t count) {
  const char *end = memmem(bytes, count, "\r\n\r\n", 4);
  if (!end) return 0;
  size_t head = end + 4 - bytes;
  for (const char *line = bytes; line < end; line = (const char *)memmem(line, end + 2 - line, "\r\n", 2) + 2)
    if (!strncasecmp(line, "content-length:", 15)) return head + strtoul(line + 15, NULL, 10);
  stop("an answer has no length");
  return 0;
}

static void take_answer(struct connection *connection) {
  ssize_t count = recv(connection->socket, connection->answer + connection->received,
                       sizeof connection->answer - 1 - connection->received, MSG_DONTWAIT);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count <= 0) stop("the server closed a connection");
  connection->received += count;
  connection->answer[connection->received] = 0;
  size_t length = answer_length(connection->answer, connection->received);
  if (!length || connection->received < length) return;
  if (connection->answer[9] != '2') errors++;
  taken[taken_count++] = (now() - connection->due) / 1e3;
  connection->is_busy = false;
  idle[idle_count++] = connection - connections;
}

static int by_size(const void *a, const void *b) {
  double left = *(const double *)a, right = *(const double *)b;
  return (left > right) - (left < right);
}

int main(int count, char **arguments) {
  if (count != 6) stop("arguments: port, connections, requests a second, seconds, file of requests");
  int port = atoi(arguments[1]), size = atoi(arguments[2]);
  double pace = atof(arguments[3]), seconds = atof(arguments[4]);
  read_requests(arguments[5]);
  size_t total = pace * seconds;
  taken = malloc((total + 1) * sizeof *taken);
  connections = calloc(size, sizeof *connections);
  idle = malloc(size * sizeof *idle);
  int poller = epoll_create1(0);
  for (int i = 0; i < size; i++) {
    connections[i].socket = connect_to(port);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = i};
    epoll_ctl(poller, EPOLL_CTL_ADD, connections[i].socket, &event);
    idle[idle_count++] = i;
  }
  int64_t start = now();
  size_t sent = 0;
  while (taken_count < total) {
    int64_t time = now(), due = start + (int64_t)(sent / pace * 1e9);
    if (time > start + (int64_t)((seconds + 20) * 1e9)) stop("answers are 20 s late");
    while (sent < total && idle_count && due <= time) {
      send_on(&connections[idle[--idle_count]], requests[sent % request_count], due);
      due = start + (int64_t)(++sent / pace * 1e9);
    }
    int64_t wait = sent < total && idle_count ? due - time : 10000000;
    struct timespec pause = {.tv_nsec = wait < 0 ? 0 : wait > 999999999 ? 999999999 : wait};
    struct epoll_event events[64];
    int ready = epoll_pwait2(poller, events, 64, &pause, NULL);
    for (int i = 0; i < ready; i++) take_answer(&connections[events[i].data.u32]);
  }
  qsort(taken, taken_count, sizeof *taken, by_size);
  printf("RESULT %zu %.0f %.0f %.0f %zu\n", taken_count, (now() - start) / 1e3, taken[taken_count / 2],
         taken[(size_t)(taken_count * 0.99)], errors);
}
