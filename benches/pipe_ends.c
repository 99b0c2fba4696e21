/* The ends of a pipe that cost as little as ends can: pipe_ends write BYTES, pipe_ends read. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char buffer[128 * 1024];

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "write") == 0) {
        memset(buffer, 'x', sizeof buffer);
        for (long long left = atoll(argv[2]); left > 0;) {
            size_t size = left < (long long)sizeof buffer ? (size_t)left : sizeof buffer;
            ssize_t written = write(1, buffer, size);
            if (written < 0)
                return 1;
            left -= written;
        }
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "read") == 0) {
        ssize_t got;
        while ((got = read(0, buffer, sizeof buffer)) > 0)
            ;
        return got < 0;
    }
    return 2;
}
