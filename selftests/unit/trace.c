// SPDX-License-Identifier: GPL-2.0-only
/* Models that generate traces, see trace.h. */
#include <stdio.h>
#include <stdlib.h>

#include "host.h"
#include "trace.h"

#define QUANTUM		4096
#define MAX_SESSIONS	512
#define MAX_BUFFERS	40

/* Number of steps until the goal reaches the size of the pool. */
#define RAMP_STEPS	24000

const char *const trace_names[TRACE_KINDS] = {
	[TRACE_VIDEO] = "video", [TRACE_CAMERA] = "camera",
	[TRACE_UI] = "ui", [TRACE_MIXED] = "mixed",
};

/**
 * struct buffer - a live buffer of a session
 * @id: its number in the trace
 * @len: number of quanta
 * @age: ticks until it is freed by itself, 0 for never
 */
struct buffer {
	u32 id;
	u32 len;
	u32 age;
};

/**
 * struct session - a program that allocates
 * @kind: its kind; never TRACE_MIXED
 * @left: ticks until it ends
 * @size: quanta of its main buffers
 * @want: target number of main buffers
 * @have: current number of main buffers, which precede its other buffers
 * @align: alignment of the main buffers
 * @ends: whether it only frees now
 * @count: number of all buffers
 * @buffers: all buffers, in allocation order
 */
struct session {
	enum trace_kind kind;
	u32 left;
	u32 size;
	u32 want;
	u32 have;
	u32 align;
	bool ends;
	u32 count;
	struct buffer buffers[MAX_BUFFERS];
};

/**
 * struct maker - a trace that is being generated
 * @trace: the trace so far
 * @r: random numbers
 * @kind: kind of new sessions
 * @goal: quanta that the sessions share
 * @count: number of sessions
 * @sessions: the sessions
 */
struct maker {
	struct trace *trace;
	struct random r;
	enum trace_kind kind;
	u64 goal;
	u32 count;
	struct session *sessions;
};

static u32 quanta_of(u64 bytes)
{
	return (bytes + QUANTUM - 1) / QUANTUM;
}

static void *must(void *p)
{
	if (!p) {
		fprintf(stderr, "no memory for a trace\n");
		exit(2);
	}
	return p;
}

static void add(struct trace *t, u32 id, u32 len, u32 align)
{
	if (t->count == t->capacity) {
		t->capacity = t->capacity ? 2 * t->capacity : 4096;
		t->ops = must(realloc(t->ops, t->capacity * sizeof(*t->ops)));
	}
	t->ops[t->count++] = (struct trace_op){ id, len, align };
}

static void get(struct maker *m, struct session *s, u32 at, u32 len, u32 align,
		u32 age)
{
	struct trace *t = m->trace;

	if (s->count == MAX_BUFFERS)
		return;
	memmove(&s->buffers[at + 1], &s->buffers[at],
		(s->count - at) * sizeof(*s->buffers));
	s->buffers[at] = (struct buffer){ t->ids++, len, age };
	s->count++;
	t->live += len;
	add(t, s->buffers[at].id, len, align);
}

static void put(struct maker *m, struct session *s, u32 at)
{
	add(m->trace, s->buffers[at].id, 0, 0);
	m->trace->live -= s->buffers[at].len;
	s->count--;
	memmove(&s->buffers[at], &s->buffers[at + 1],
		(s->count - at) * sizeof(*s->buffers));
}

/* Can the sessions use this many more quanta? */
static bool room(const struct maker *m, u64 quanta)
{
	return m->trace->live + quanta <= m->goal;
}

/* Allocate a buffer that lives as long as the session, or for some ticks. */
static void get_more(struct maker *m, struct session *s, u64 bytes, u32 age)
{
	get(m, s, s->count, quanta_of(bytes), 1, age);
}

/**
 * struct picture - a picture size
 * @width: in pixels
 * @height: in lines
 */
struct picture {
	u32 width;
	u32 height;
};

static const struct picture videos[] = {
	{ 320, 240 }, { 640, 480 }, { 854, 480 }, { 1024, 576 }, { 1280, 720 },
	{ 1920, 1088 },
};

static u64 nv12(const struct picture *p)
{
	return (u64)((p->width + 63) / 64 * 64) * ((p->height + 31) / 32 * 32) *
	       3 / 2;
}

/*
 * The maximum number of reference frames for level 4.1 of H.264, and some frames that are
 * displayed or queued.
 */
static void choose_video(struct maker *m, struct session *s)
{
	const struct picture *p = &videos[random_below(&m->r, ARRAY_SIZE(videos))];
	u32 blocks = p->width * p->height / 256;
	u32 frames = min(32768 / blocks, 16);

	s->size = quanta_of(nv12(p));
	s->want = 2 + random_below(&m->r, frames) + random_below(&m->r, 4);
	s->align = random_below(&m->r, 4) ? 1 : 2;
}

static void begin_video(struct maker *m, struct session *s)
{
	u32 i, inputs = 2 + random_below(&m->r, 3);

	choose_video(m, s);
	s->left = 40 + random_below(&m->r, 400);
	for (i = 0; i < inputs; i++)
		get_more(m, s, s->size * QUANTUM / 4 + 65536, 0);
	get_more(m, s, 16384 + random_size(&m->r, 500000), 0);
}

/*
 * Frames are allocated one by one as they are decoded. After a change of size, old frames are
 * freed one by one after they were displayed, while new ones are allocated. Side information has
 * short lifetimes.
 */
static void tick_video(struct maker *m, struct session *s)
{
	if (!random_below(&m->r, 60)) {
		u32 i;

		for (i = 0; i < s->have; i++)
			s->buffers[i].age = 1 + i + random_below(&m->r, 3);
		s->have = 0;
		choose_video(m, s);
	}
	if (s->have < s->want) {
		get(m, s, s->have, s->size, s->align, 0);
		s->have++;
	}
	if (!random_below(&m->r, 3))
		get_more(m, s, random_size(&m->r, 65536),
			 1 + random_below(&m->r, 8));
}

static const struct picture sensors[] = {
	{ 1632, 1224 }, { 2592, 1944 }, { 3264, 2448 },
};

static void begin_camera(struct maker *m, struct session *s)
{
	static const struct picture previews[] = {
		{ 640, 480 }, { 1280, 720 }, { 1440, 1080 },
	};
	u32 i;

	s->size = quanta_of(nv12(&previews[random_below(&m->r, 3)]));
	s->want = 3 + random_below(&m->r, 5);
	s->align = 1;
	s->left = 30 + random_below(&m->r, 300);
	for (i = 0; i < 4; i++)
		get_more(m, s, 4096 + random_size(&m->r, 60000), 0);
}

/*
 * Preview frames are permanent. A picture needs raw frames, which live until they are developed,
 * developed ones, and the compressed one, which lives longest.
 */
static void tick_camera(struct maker *m, struct session *s)
{
	const struct picture *p;
	u64 pixels;
	u32 i, burst;

	if (s->have < s->want) {
		get(m, s, s->have, s->size, s->align, 0);
		s->have++;
		return;
	}
	if (!random_below(&m->r, 2))
		get_more(m, s, random_size(&m->r, 32768),
			 1 + random_below(&m->r, 4));
	if (random_below(&m->r, 12))
		return;
	p = &sensors[random_below(&m->r, 3)];
	pixels = (u64)p->width * p->height;
	burst = 1 + random_below(&m->r, 3);
	if (!room(m, quanta_of(pixels * (5 * burst + 10) / 4)))
		return;
	for (i = 0; i < burst; i++)
		get_more(m, s, pixels * 5 / 4, 2 + i + random_below(&m->r, 3));
	get_more(m, s, nv12(p), 3 + burst + random_below(&m->r, 4));
	get_more(m, s, pixels / 8 + random_below(&m->r, pixels / 4),
		 10 + random_below(&m->r, 20));
	get_more(m, s, 320 * 240 * 2, 20 + random_below(&m->r, 40));
}

static void choose_window(struct maker *m, struct session *s)
{
	u32 width, height;

	switch (random_below(&m->r, 8)) {
	case 0:
		width = 1280;
		height = 720;
		break;
	case 1:
		width = 1280;
		height = 24 + random_below(&m->r, 80);
		break;
	case 2 ... 4:
		width = 16 + random_below(&m->r, 128);
		height = 16 + random_below(&m->r, 128);
		break;
	default:
		width = 100 + random_below(&m->r, 900);
		height = 80 + random_below(&m->r, 600);
		break;
	}
	s->size = quanta_of((u64)(width + 15) / 16 * 16 * height * 4);
}

static void begin_ui(struct maker *m, struct session *s)
{
	choose_window(m, s);
	s->want = 1 + random_below(&m->r, 3);
	s->align = 1;
	s->left = random_size(&m->r, 900);
}

/*
 * Two or three buffers per window, which are reallocated when it is resized, and at every step
 * while it is dragged to a new size. Also glyphs and icons.
 */
static void tick_ui(struct maker *m, struct session *s)
{
	if (s->have < s->want) {
		get(m, s, s->have, s->size, s->align, 0);
		s->have++;
		return;
	}
	if (!random_below(&m->r, 40)) {
		u32 i;

		for (i = 0; i < s->have; i++)
			s->buffers[i].age = 1 + i;
		s->have = 0;
		if (random_below(&m->r, 3))
			s->size += 1 + s->size * random_below(&m->r, 10) / 100;
		else
			choose_window(m, s);
	}
	if (!random_below(&m->r, 25))
		get_more(m, s, random_size(&m->r, 30000),
			 5 + random_below(&m->r, 60));
}

static void begin(struct maker *m)
{
	struct session *s = &m->sessions[m->count++];

	memset(s, 0, sizeof(*s));
	s->kind = m->kind;
	if (m->kind == TRACE_MIXED)
		s->kind = random_below(&m->r, 8);
	switch (s->kind) {
	case TRACE_VIDEO:
		begin_video(m, s);
		break;
	case TRACE_CAMERA:
		begin_camera(m, s);
		break;
	default:
		s->kind = TRACE_UI;
		begin_ui(m, s);
		break;
	}
}

static void age_buffers(struct maker *m, struct session *s)
{
	u32 i = 0;

	while (i < s->count) {
		if (s->buffers[i].age && !--s->buffers[i].age)
			put(m, s, i);
		else
			i++;
	}
}

/* Returns false when the session has ended and freed all buffers. */
static bool tick(struct maker *m, struct session *s)
{
	age_buffers(m, s);
	if (s->ends) {
		if (s->count)
			put(m, s, random_below(&m->r, s->count));
		return s->count;
	}
	switch (s->kind) {
	case TRACE_VIDEO:
		tick_video(m, s);
		break;
	case TRACE_CAMERA:
		tick_camera(m, s);
		break;
	default:
		tick_ui(m, s);
		break;
	}
	if (!--s->left)
		s->ends = true;
	return true;
}

/* How much the sessions will still allocate for their main buffers. */
static u64 pending(const struct maker *m)
{
	u64 quanta = 0;
	u32 i;

	for (i = 0; i < m->count; i++) {
		const struct session *s = &m->sessions[i];

		if (!s->ends && s->have < s->want)
			quanta += (u64)(s->want - s->have) * s->size;
	}
	return quanta;
}

void trace_make(struct trace *t, enum trace_kind kind, u64 seed, u32 quanta)
{
	struct maker m = { .trace = t, .kind = kind };
	u32 i;

	memset(t, 0, sizeof(*t));
	t->quanta = quanta;
	random_seed(&m.r, seed * TRACE_KINDS + kind + 1);
	m.sessions = must(calloc(MAX_SESSIONS, sizeof(*m.sessions)));
	while (t->live <= quanta) {
		m.goal = quanta / 2 + (u64)quanta * t->count / 2 / RAMP_STEPS;
		if (m.count < MAX_SESSIONS && room(&m, pending(&m)))
			begin(&m);
		i = 0;
		while (i < m.count && t->live <= quanta) {
			if (tick(&m, &m.sessions[i]))
				i++;
			else
				m.sessions[i] = m.sessions[--m.count];
		}
	}
	free(m.sessions);
}

void trace_free(struct trace *t)
{
	free(t->ops);
	memset(t, 0, sizeof(*t));
}
