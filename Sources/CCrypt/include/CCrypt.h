// libcrypt behind plain functions: bcrypt.
#ifndef PROMGATE_CCRYPT_H
#define PROMGATE_CCRYPT_H

/// Whether a password is the one behind a bcrypt hash: 1, or 0. Costs what the hash says, on purpose: a tenth
/// of a second as a rule. Text up to its first zero byte counts, 72 bytes at most.
int promgate_bcrypt_matches(const char *password, const char *hash);

#endif
