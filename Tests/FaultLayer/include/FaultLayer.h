/// A file layer that fails, for tests: see FaultLayer.c. Nothing of it is called; it is loaded in front of
/// the C library with LD_PRELOAD.
#ifndef FAULT_LAYER_H
#define FAULT_LAYER_H
#endif
