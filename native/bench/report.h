// What the benchmark prints and writes.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <vector>

#include "measure.h"

namespace lanewise::bench {

// What the run was made with, for the head of the table and of the JSON file.
struct Setting {
  std::string cpu, isa;
  std::vector<std::string> libraries;  // with their versions
  std::vector<std::string> missing;    // what is not in this build, and how to get it
};

struct Target {
  std::string what;
  double value, low, high, least;
  const char* unit;

  bool reached() const { return value >= least; }
};

void print_head(const Setting& setting);
void print_rows(std::span<const Measurement> measurements);

// What the project set out to reach, as far as this run measured it.
std::vector<Target> check_targets(const Setting& setting, std::span<const Measurement> measurements);
void print_targets(std::span<const Target> targets);

void write_json(std::FILE* file, const Setting& setting, std::span<const Measurement> measurements,
                std::span<const Target> targets);

}  // namespace lanewise::bench
