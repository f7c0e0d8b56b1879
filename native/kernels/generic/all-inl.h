// Every kernel. Each file includes what it leans on.
#pragma once

#include "activation-inl.h"
#include "binary-inl.h"
#include "chain-inl.h"
#include "cross_entropy-inl.h"
#include "dropout-inl.h"
#include "elementwise-inl.h"
#include "gemm-inl.h"
#include "mask-inl.h"
#include "math-inl.h"
#include "optimizers-inl.h"
#include "pack-inl.h"
#include "reduce-inl.h"
#include "select-inl.h"
#include "softmax-inl.h"
#include "trigonometry-inl.h"
