#include "CDriver.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdbool.h>

static cd_driver driver;
static bool is_there;
static const char *absent;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return;
#define CD_FIND(symbol, name, arguments) \
  if (!(*(void **)(&driver.name) = dlsym(library, #symbol)) && !absent) absent = #symbol;
  CD_FUNCTIONS(CD_FIND)
#undef CD_FIND
  is_there = !absent;
}

const cd_driver *cd_open(const char **missing) {
  pthread_once(&once, load);
  *missing = absent;
  return is_there ? &driver : NULL;
}

cd_pool_properties cd_properties_of_device(cd_device device) {
  // CU_MEM_ALLOCATION_TYPE_PINNED, CU_MEM_LOCATION_TYPE_DEVICE
  cd_pool_properties properties = {.allocation_type = 1, .location_type = 1, .location = device};
  return properties;
}
