/*
 * assent-relay: carries one hook call of a coding agent to the Assent daemon, and its answer back.
 *
 *     assent-relay SOCKET DIALECT AGENT EVENT [ENVNAME ...]
 *     assent-relay --version
 *
 * Agents let a call run when its hook breaks, so whatever goes wrong here ends as a denial in the
 * agent's own language, DIALECT: exit2, json or observe. relay_call.py is the same program in
 * Python; a change of one is a change of both. The protocol is in
 * docs/adr/0003-c-relay-python-fallback.md.
 */

#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* The limits are fixed when this is compiled: an agent could set an environment variable. */
#ifndef ACK_MS
#define ACK_MS 2000
#endif
#ifndef SILENCE_MS
#define SILENCE_MS 15000
#endif
#ifndef STDIN_MS
#define STDIN_MS 10000
#endif

/* A laptop that slept has not waited; on macOS, CLOCK_MONOTONIC counts the sleep. */
#ifdef CLOCK_UPTIME_RAW
#define CLOCK CLOCK_UPTIME_RAW
#else
#define CLOCK CLOCK_MONOTONIC
#endif

#define DENIED 2

static const char absent[] =
    "Assent is not running, so this call was not let through. Start it: assent up";
static const char unanswered[] =
    "Assent did not answer in time, so this call was not let through. Check it: assent status";

static const char usage[] =
    "usage: assent-relay SOCKET exit2|json|observe AGENT EVENT [ENVNAME ...]";

/* Untouched pages of static memory cost nothing; an answer is at most four times the 16 MiB that
 * the daemon reads of a payload. */
static unsigned char outgoing[1 << 20];
static unsigned char incoming[64 << 20];

typedef struct {
    int daemon;
    size_t sent, filled;  /* outgoing[sent..filled) is still to be sent */
    size_t received;      /* incoming[0..received) begins with the final answer, if with anything */
    bool stdin_open;      /* the agent may still be writing */
    bool sending;         /* the daemon is to get what the agent writes */
    bool acknowledged;
    int64_t deadline;
} Call;

typedef struct {
    const unsigned char *bytes;
    size_t size;
} Part;

typedef struct {
    int code;
    Part out, err;
} Answer;

typedef enum { PARTIAL, WHOLE, GARBAGE } Reading;

/* Time and writing */

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int left_ms(int64_t deadline)
{
    int64_t left = deadline - now_ms();
    return left > 0 ? (int)left : 0;
}

static bool is_passing(int error)
{
    return error == EINTR || error == EAGAIN || error == EWOULDBLOCK;
}

static bool write_all(int fd, const void *bytes, size_t size)
{
    const unsigned char *at = bytes;
    while (size > 0) {
        ssize_t count = write(fd, at, size);
        if (count >= 0) {
            at += count;
            size -= (size_t)count;
        } else if (!is_passing(errno)) {
            return false;
        } else {
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            poll(&ready, 1, -1);
        }
    }
    return true;
}

static bool write_text(int fd, const char *text)
{
    return write_all(fd, text, strlen(text));
}

/* Dialects: how an agent is told that its call may not run */

static int refuse_by_exit(const char *reason)
{
    (void)(write_text(STDERR_FILENO, reason) && write_text(STDERR_FILENO, "\n"));
    return DENIED;
}

static int refuse_by_json(const char *reason)
{
    static const char head[] =
        "{\"permissionDecision\":\"deny\",\"permissionDecisionReason\":\"";
    bool written = write_text(STDOUT_FILENO, head) && write_text(STDOUT_FILENO, reason)
        && write_text(STDOUT_FILENO, "\"}\n");
    return written ? 0 : DENIED;
}

/* The event is over already, and some agents take exit 2 after it as an order to go on. */
static int let_pass(const char *reason)
{
    (void)reason;
    return 0;
}

typedef struct {
    const char *name;
    int (*refuse)(const char *reason);
    int unwritten; /* the exit code when the daemon's answer could not be written */
} Dialect;

static const Dialect dialects[] = {
    {"exit2", refuse_by_exit, DENIED},
    {"json", refuse_by_json, DENIED},
    {"observe", let_pass, 0},
};

static const Dialect *find_dialect(const char *name)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i].name, name) == 0)
            return &dialects[i];
    return NULL;
}

/* Connecting */

/* A socket's path may be longer than an address holds, so the relay goes to its directory. */
static bool find_address(struct sockaddr_un *address, char *path)
{
    const size_t longest = sizeof address->sun_path - 1;
    if (strlen(path) > longest) {
        char *slash = strrchr(path, '/');
        if (slash == NULL)
            return false;
        *slash = '\0';
        if (chdir(path) != 0)
            return false;
        path = slash + 1;
    }
    strncpy(address->sun_path, path, longest);
    return strlen(path) <= longest;
}

static bool connect_to(int fd, char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    /* A stopped daemon's full backlog would block connect() for ever. */
    struct timeval limit = {.tv_sec = ACK_MS / 1000, .tv_usec = ACK_MS % 1000 * 1000};
    if (!find_address(&address, path))
        return false;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    while (connect(fd, (struct sockaddr *)&address, sizeof address) != 0)
        if (errno != EINTR)
            return false;
    return fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

/* Returns why there is no connection, or NULL. */
static const char *reach_daemon(Call *call, char *path)
{
    call->daemon = socket(AF_UNIX, SOCK_STREAM, 0);
    /* The agent closed a standard stream, and its number went to the socket: no answer could
     * be told from the agent's own bytes. */
    if (call->daemon <= STDERR_FILENO) {
        close(call->daemon);
        return unanswered;
    }
    if (connect_to(call->daemon, path))
        return NULL;
    return errno == ECONNREFUSED || errno == ENOENT || errno == ENOTDIR ? absent : unanswered;
}

/* The request: records of the header, then what the agent writes */

static bool add_record(Call *call, const char *name, const char *value)
{
    size_t size = strlen(name) + (value == NULL ? 0 : 1 + strlen(value));
    if (size > sizeof outgoing - call->filled || sizeof outgoing - call->filled - size < 4)
        return false;
    unsigned char *at = outgoing + call->filled;
    for (int shift = 24; shift >= 0; shift -= 8)
        *at++ = (unsigned char)(size >> shift);
    memcpy(at, name, strlen(name));
    if (value != NULL) {
        at[strlen(name)] = '=';
        memcpy(at + strlen(name) + 1, value, strlen(value));
    }
    call->filled += 4 + size;
    return true;
}

static bool add_header(Call *call, char *const *words)
{
    if (!add_record(call, "assent/1", NULL) || !add_record(call, words[0], NULL)
        || !add_record(call, words[1], NULL))
        return false;
    for (char *const *name = words + 2; *name != NULL; name++) {
        const char *value = getenv(*name);
        if (value != NULL && !add_record(call, *name, value))
            return false;
    }
    return add_record(call, "", NULL);
}

/* Whoever has to move next gets the time for it from now on. */
static void renew_deadline(Call *call)
{
    int limit = call->acknowledged ? SILENCE_MS : ACK_MS;
    if (call->sending)
        limit = call->sent < call->filled ? ACK_MS : STDIN_MS;
    call->deadline = now_ms() + limit;
}

static void finish_sending(Call *call)
{
    call->sending = false;
    shutdown(call->daemon, SHUT_WR);
    renew_deadline(call);
}

/* A daemon that reads no further may have answered already, so a failed send ends no call. */
static void send_some(Call *call)
{
    ssize_t count = write(call->daemon, outgoing + call->sent, call->filled - call->sent);
    if (count < 0) {
        if (!is_passing(errno))
            finish_sending(call);
        return;
    }
    call->sent += (size_t)count;
    if (call->sent == call->filled)
        call->sent = call->filled = 0;
    renew_deadline(call);
}

static bool read_some(Call *call)
{
    ssize_t count = read(STDIN_FILENO, outgoing, sizeof outgoing);
    if (count < 0)
        return is_passing(errno);
    if (count == 0) {
        call->stdin_open = false;
        finish_sending(call);
        return true;
    }
    call->filled = (size_t)count;
    renew_deadline(call);
    return true;
}

/* The answer: 'A' and 'H' as signs of life, then 'R', the exit code, and two sized parts */

static bool receive_some(Call *call)
{
    ssize_t count = read(call->daemon, incoming + call->received, sizeof incoming - call->received);
    if (count < 0)
        return is_passing(errno);
    if (count == 0)
        return false;
    call->received += (size_t)count;
    call->acknowledged = true;
    if (!call->sending)
        renew_deadline(call);
    return true;
}

static void drop_signs_of_life(Call *call)
{
    size_t count = 0;
    while (count < call->received && (incoming[count] == 'A' || incoming[count] == 'H'))
        count++;
    if (count == 0)
        return;
    call->received -= count;
    memmove(incoming, incoming + count, call->received);
}

static bool take_part(Part *part, const unsigned char **at, const unsigned char *end)
{
    if (end - *at < 4)
        return false;
    const unsigned char *head = *at;
    part->size = (size_t)head[0] << 24 | (size_t)head[1] << 16 | (size_t)head[2] << 8 | head[3];
    part->bytes = head + 4;
    if ((size_t)(end - part->bytes) < part->size)
        return false;
    *at = part->bytes + part->size;
    return true;
}

static Reading read_answer(Call *call, Answer *answer)
{
    drop_signs_of_life(call);
    if (call->received == 0)
        return PARTIAL;
    if (incoming[0] != 'R' || call->received == sizeof incoming)
        return GARBAGE;
    const unsigned char *at = incoming + 2, *end = incoming + call->received;
    if (call->received < 2 || !take_part(&answer->out, &at, end)
        || !take_part(&answer->err, &at, end))
        return PARTIAL;
    answer->code = incoming[1];
    return WHOLE;
}

/* The call */

static bool wait_for_either(Call *call, struct pollfd *daemon, struct pollfd *agent)
{
    bool waiting_for_agent = call->sending && call->filled == 0;
    bool blocked = call->sending && call->filled > 0;
    struct pollfd both[] = {
        {.fd = call->daemon, .events = (short)(POLLIN | (blocked ? POLLOUT : 0))},
        {.fd = waiting_for_agent ? STDIN_FILENO : -1, .events = POLLIN},
    };
    int count;
    do
        count = poll(both, 2, left_ms(call->deadline));
    while (count < 0 && errno == EINTR);
    /* Nobody writes to a stream that stood still for so long: no reason to empty it. */
    if (count <= 0 && waiting_for_agent)
        call->stdin_open = false;
    *daemon = both[0];
    *agent = both[1];
    return count > 0;
}

static bool converse(Call *call, Answer *answer)
{
    struct pollfd daemon, agent;
    renew_deadline(call);
    while (wait_for_either(call, &daemon, &agent)) {
        if ((daemon.revents & ~POLLOUT) != 0) {
            if (!receive_some(call))
                return false;
            Reading reading = read_answer(call, answer);
            if (reading != PARTIAL)
                return reading == WHOLE;
        }
        if ((daemon.revents & POLLOUT) != 0)
            send_some(call);
        if (agent.revents != 0 && !read_some(call))
            return false;
    }
    return false;
}

/* An agent that is still writing may take a closed pipe for a broken hook: the call would run. */
static void empty_stdin(const Call *call)
{
    int64_t deadline = now_ms() + STDIN_MS;
    struct pollfd agent = {.fd = STDIN_FILENO, .events = POLLIN};
    ssize_t count = call->stdin_open ? 1 : 0;
    while (count > 0 || (count < 0 && is_passing(errno))) {
        if (poll(&agent, 1, left_ms(deadline)) == 0)
            return;
        count = read(STDIN_FILENO, outgoing, sizeof outgoing);
    }
}

static int deliver(const Answer *answer, const Dialect *dialect)
{
    bool out = write_all(STDOUT_FILENO, answer->out.bytes, answer->out.size);
    bool err = write_all(STDERR_FILENO, answer->err.bytes, answer->err.size);
    return out && err ? answer->code : dialect->unwritten;
}

static int relay(char **words, const Dialect *dialect)
{
    Call call = {.stdin_open = true, .sending = true};
    Answer answer = {.code = DENIED};
    const char *failure = reach_daemon(&call, words[0]);
    if (failure == NULL && !(add_header(&call, words + 2) && converse(&call, &answer)))
        failure = unanswered;
    empty_stdin(&call);
    return failure == NULL ? deliver(&answer, dialect) : dialect->refuse(failure);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        return write_text(STDOUT_FILENO, "assent-relay 1\n") ? 0 : DENIED;
    const Dialect *dialect = argc < 5 ? NULL : find_dialect(argv[2]);
    if (dialect == NULL || *argv[3] == '\0' || *argv[4] == '\0')
        return refuse_by_exit(usage);
    return relay(argv + 1, dialect);
}
