#ifndef HEDDLE_WEB_FILE_READER_H
#define HEDDLE_WEB_FILE_READER_H

#include "engine/interface.h"

extern const struct interface file_reader_interface;

#endif
