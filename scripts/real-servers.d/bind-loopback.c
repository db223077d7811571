/*
 * LD_PRELOAD: a socket that a server would bind to all addresses is bound to 127.0.0.1 instead.
 * For servers without an option for the listen address. Build: cc -shared -fPIC -o bind-loopback.so … -ldl
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

typedef int (*bind_function)(int, const struct sockaddr *, socklen_t);

int bind(int socket, const struct sockaddr *address, socklen_t length) {
  bind_function next = (bind_function)dlsym(RTLD_NEXT, "bind");
  if (address != NULL && address->sa_family == AF_INET) {
    struct sockaddr_in ip4;
    memcpy(&ip4, address, sizeof ip4);
    if (ip4.sin_addr.s_addr == htonl(INADDR_ANY)) {
      ip4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      return next(socket, (struct sockaddr *)&ip4, sizeof ip4);
    }
  }
  if (address != NULL && address->sa_family == AF_INET6) {
    struct sockaddr_in6 ip6;
    memcpy(&ip6, address, sizeof ip6);
    if (memcmp(&ip6.sin6_addr, &in6addr_any, sizeof in6addr_any) == 0) {
      inet_pton(AF_INET6, "::ffff:127.0.0.1", &ip6.sin6_addr);
      return next(socket, (struct sockaddr *)&ip6, sizeof ip6);
    }
  }
  return next(socket, address, length);
}
