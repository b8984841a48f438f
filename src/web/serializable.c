#include "web/serializable.h"

static const struct serializable *const kinds[] = {&blob_serializable, &file_serializable, &module_serializable};

struct platform_value *platform_object_serialize(JSContext *js, JSValueConst object)
{
    enum host_class c = host_class_of(object);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i]->host_class == c) {
            struct serialized *s = kinds[i]->serialize(js, object);
            if (s)
                s->kind = kinds[i];
            return s ? &s->value : NULL;
        }
    return NULL;
}

JSValue platform_object_deserialize(JSContext *js, const struct platform_value *value)
{
    const struct serialized *s = (const struct serialized *)value; /* its first member */
    return s->kind->deserialize(js, s);
}
