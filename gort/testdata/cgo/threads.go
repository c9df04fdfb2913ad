// Package cgo has C code that blocks, and threads of C code that call back into Go.
package cgo

/*
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

extern void visit(int);

static void *run(void *p) {
	int n = *(int *)p;
	free(p);
	for (int i = 0; i < n; i++) {
		usleep(1000);
		visit(i);
	}
	return 0;
}

static void *idle(void *p) {
	for (;;) sleep(1000);
}

static pthread_t start(int n) {
	pthread_t t;
	int *p = malloc(sizeof *p);
	*p = n;
	pthread_create(&t, 0, run, p);
	return t;
}

static void detached(int n) { pthread_detach(start(n)); }
static void joined(int n) { pthread_join(start(n), 0); }
static void stay(void) {
	pthread_t t;
	pthread_create(&t, 0, idle, 0);
	pthread_detach(t);
}
static void direct(int n) { visit(n); }
static void doze(int milliseconds) { usleep(milliseconds * 1000); }
*/
import "C"

// called is the function that C code calls with a number.
var called func(n int)

//export visit
func visit(n C.int) { called(int(n)) }

func startThread(n int) { C.detached(C.int(n)) }
func joinThread(n int)  { C.joined(C.int(n)) }
func stayThread()       { C.stay() }
func callDirect(n int)  { C.direct(C.int(n)) }
func pause(millis int)  { C.doze(C.int(millis)) }
