// Runs CUDA kernels on a CPU, one thread after the other: each thread of a block is a fiber that runs until it meets
// a barrier or a vote. What the threads of a warp or block exchange is what a device would give them; speed is not
// the point. Threads that wait for others that never come end the program with a message.
#pragma once
#include <ucontext.h>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <vector>

#define EMULATED 1
#define __global__
#define __device__
#define __forceinline__ inline
#define __shared__ static

struct Dim { unsigned x = 0, y = 0, z = 0; };

namespace emulator {
struct Fiber {
    ucontext_t context;
    std::vector<char> stack;
    bool done = false;
    unsigned waits_warp = 0, waits_block = 0;  // barriers met so far
};
static std::vector<Fiber> fibers;
static ucontext_t scheduler;
static unsigned current = 0;
static unsigned long long lanes[64][32];
static std::function<void()> body;
static Dim block_index, block_size;

static void give_way() { swapcontext(&fibers[current].context, &scheduler); }

static bool behind(unsigned from, unsigned to, unsigned Fiber::*met) {
    for (unsigned i = from; i < to && i < fibers.size(); i++)
        if (!fibers[i].done && fibers[i].*met < fibers[current].*met) return true;
    return false;
}
static void warp_barrier() {
    fibers[current].waits_warp++;
    unsigned first = current / 32 * 32;
    while (behind(first, first + 32, &Fiber::waits_warp)) give_way();
}
static void block_barrier() {
    fibers[current].waits_block++;
    while (behind(0, fibers.size(), &Fiber::waits_block)) give_way();
}
static void enter() { body(); fibers[current].done = true; give_way(); }

static void run_block(unsigned threads) {
    fibers = std::vector<Fiber>(threads);
    for (auto& fiber : fibers) {
        fiber.stack.resize(64 << 10);
        getcontext(&fiber.context);
        fiber.context.uc_stack = {fiber.stack.data(), 0, fiber.stack.size()};
        fiber.context.uc_link = nullptr;
        makecontext(&fiber.context, enter, 0);
    }
    unsigned left = threads;
    for (unsigned long long round = 0; left; round++) {
        if (round > 50'000'000) { std::fprintf(stderr, "threads wait for ever\n"); std::abort(); }
        for (unsigned i = 0; i < threads; i++) {
            current = round & 1 ? threads - 1 - i : i;  // both ways, so that no order is relied on
            if (fibers[current].done) continue;
            swapcontext(&scheduler, &fibers[current].context);
            if (fibers[current].done) left--;
        }
    }
}
static void launch(unsigned gx, unsigned gy, unsigned threads, std::function<void()> work) {
    body = std::move(work);
    block_size = {threads, 1, 1};
    for (unsigned y = 0; y < gy; y++)
        for (unsigned x = 0; x < gx; x++) {
            block_index = {x, y, 0};
            run_block(threads);
        }
}
template <typename T> T exchange(T value, unsigned lane) {
    unsigned warp = current / 32;
    std::memcpy(&lanes[warp][current % 32], &value, sizeof value);
    warp_barrier();
    T found;
    std::memcpy(&found, &lanes[warp][lane % 32], sizeof found);
    warp_barrier();
    return found;
}
}  // namespace emulator

#define threadIdx (Dim{emulator::current, 0, 0})
#define blockIdx emulator::block_index
#define blockDim emulator::block_size

inline void __syncwarp() { emulator::warp_barrier(); }
inline void __syncthreads() { emulator::block_barrier(); }
template <typename T> T __shfl_xor_sync(unsigned, T value, int mask) {
    return emulator::exchange(value, emulator::current % 32 ^ mask);
}
inline unsigned __ballot_sync(unsigned, bool vote) {
    unsigned warp = emulator::current / 32, first = warp * 32;
    emulator::lanes[warp][emulator::current % 32] = vote;
    emulator::warp_barrier();
    unsigned votes = 0;
    for (unsigned i = 0; i < 32 && first + i < emulator::fibers.size(); i++)
        votes |= (unsigned)(emulator::lanes[warp][i] & 1) << i;
    emulator::warp_barrier();
    return votes;
}
inline bool __any_sync(unsigned mask, bool vote) { return __ballot_sync(mask, vote) != 0; }
inline int __popc(unsigned bits) { return __builtin_popcount(bits); }
inline unsigned __float_as_uint(float x) { unsigned bits; std::memcpy(&bits, &x, 4); return bits; }
inline float __uint_as_float(unsigned bits) { float x; std::memcpy(&x, &bits, 4); return x; }
inline int atomicAdd(int* place, int value) { int before = *place; *place += value; return before; }
inline int atomicCAS(int* place, int expected, int value) {
    int before = *place;
    if (before == expected) *place = value;
    return before;
}
// A float16, exactly.
inline float number(unsigned short bits) {
    int exponent = bits >> 10 & 31, fraction = bits & 1023;
    float size = exponent == 31 ? (fraction ? NAN : INFINITY)
               : exponent ? std::ldexp(1024.0f + fraction, exponent - 25) : std::ldexp((float)fraction, -24);
    return bits >> 15 ? -size : size;
}
