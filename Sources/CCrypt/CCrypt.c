#include "CCrypt.h"

#include <crypt.h>
#include <stdlib.h>
#include <string.h>

int promgate_bcrypt_matches(const char *password, const char *hash) {
  struct crypt_data *data = calloc(1, sizeof *data);
  if (!data) return 0;
  const char *made = crypt_r(password, hash, data);
  size_t length = strlen(hash);
  int differs = !made || made[0] == '*' || strlen(made) != length;
  // Every byte is looked at: how long it takes tells nothing.
  if (!differs)
    for (size_t i = 0; i < length; i++) differs |= made[i] ^ hash[i];
  free(data);
  return !differs;
}
