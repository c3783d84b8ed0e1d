// One session's pace: batches of a select by key, a flush request (or a sync) after each so many of them. Prints the
// processor time of a statement, of the client and of the server: unlike its pace, that holds on a busy machine.
#include <libpq-fe.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static double client_time(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double server_time(int process) {
  char path[64], text[2048];
  snprintf(path, sizeof path, "/proc/%d/stat", process);
  FILE *file = fopen(path, "r");
  if (!file) return 0;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  unsigned long user = 0, system = 0;
  char *rest = strrchr(text, ')');
  if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system);
  return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

int main(int count, char **arguments) {
  if (count != 6) return 2;
  int size = atoi(arguments[2]), every = atoi(arguments[3]), is_sync = !strcmp(arguments[4], "sync");
  double seconds = atof(arguments[5]);
  PGconn *session = PQconnectdb(arguments[1]);
  if (PQstatus(session) != CONNECTION_OK) return fputs(PQerrorMessage(session), stderr), 1;
  PQclear(PQprepare(session, "by_key", "select * from flushes where id = $1", 0, NULL));
  PQsetnonblocking(session, 1);
  PQenterPipelineMode(session);
  int process = PQbackendPID(session);
  double start = now(), client = client_time(), server = server_time(process);
  long statements = 0;
  while (now() - start < seconds) {
    int syncs = 1;
    for (int each = 1; each <= size; each++) {
      char key[16];
      const char *values[1] = {key};
      snprintf(key, sizeof key, "%d", rand() % 1000 + 1);
      PQsendQueryPrepared(session, "by_key", 1, values, NULL, NULL, 1);
      if (!every || each % every || each == size) continue;
      if (is_sync) {
        PQpipelineSync(session);
        syncs++;
      } else {
        PQsendFlushRequest(session);
      }
    }
    PQpipelineSync(session);
    while (PQflush(session) == 1) {}
    while (syncs) {
      struct pollfd socket = {PQsocket(session), POLLIN, 0};
      poll(&socket, 1, -1);
      if (!PQconsumeInput(session)) return fputs(PQerrorMessage(session), stderr), 1;
      while (syncs && !PQisBusy(session)) {
        PGresult *result = PQgetResult(session);
        if (result && PQresultStatus(result) == PGRES_PIPELINE_SYNC) syncs--;
        PQclear(result);
      }
    }
    statements += size;
  }
  double time = now() - start;
  printf("%.2f %.2f %.0f\n", (client_time() - client) / statements * 1e6, (server_time(process) - server) / statements * 1e6,
         statements / time);
  PQfinish(session);
}
