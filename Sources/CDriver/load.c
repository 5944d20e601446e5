#include "CDriver.h"

#include <dlfcn.h>
#include <pthread.h>

static cd_driver driver;
static const char *failure, *absent;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
  void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    // The loader's text does not last, and says no more than this to anybody.
    failure = "there is no libcuda.so.1, which NVIDIA's driver brings";
    return;
  }
#define CD_FIND(symbol, name, arguments)                            \
  if (!(*(void **)(&driver.name) = dlsym(library, #symbol)) && !absent) absent = #symbol;
  CD_FUNCTIONS(CD_FIND)
#undef CD_FIND
}

const cd_driver *cd_open(const char **reason, const char **missing) {
  pthread_once(&once, load);
  *reason = failure;
  *missing = absent;
  return failure || absent ? NULL : &driver;
}

cd_pool_properties cd_properties_of_device(cd_device device) {
  // CU_MEM_ALLOCATION_TYPE_PINNED, CU_MEM_LOCATION_TYPE_DEVICE
  cd_pool_properties properties = {.allocation_type = 1, .location_type = 1, .location = device};
  return properties;
}
