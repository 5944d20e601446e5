// chafa turns pixels into characters and colours.
#pragma once

#include <chafa.h>
