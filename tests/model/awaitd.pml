/* awaitd.pml - what awaitd stores in the arena, in the order in which the shipped code stores it,
 * with a SIGKILL between any two stores, as often as it likes.  For Spin 6.
 *
 * One producer on a socket -> its inlet (sources/inlet.c, sources/socket.c) -> the log
 * (streams/log_*.c) -> one subscriber's send slots (sinks/unix_draft.c, unix_deliver.c).
 *
 * What is a byte there is a cell here.  The producer sends N lines of two cells, 1..2N, in arbitrary
 * portions.  Line BLANK gives no entry, the lines STATE_A and STATE_B are entries that change the rare record.  The ring
 * holds two lines, so that a send cuts lines and the tail passes everything.
 *
 *	-D LAG=0    the subscriber asked for `block`: it gets every line
 *	-D LAG=1    `skip`: what it does not get is told by gaps, exactly
 *	-D MISTAKE=n    one of these is made, and has to be found:
 *	  1  the commit's record is written after `commits` counts on
 *	  2  the producer's position is stored before the line is committed
 *	  3  the tail moves after the bytes below it are overwritten
 *	  4  the rest of a cut line is not saved
 *	  5  recovery does not settle the message that was under way, but takes it for sent
 *	  6  the index entry is written after the commit
 *	  7  the rare record is written where the active commit points
 *	  8  the count of bytes sent is stored by us, after the system call
 *	  9  recovery does not raise the producer's position to the commit's
 *	 10  recovery appends before it settles
 *	 11  a message that was cut between two lines is not settled for good before the next append
 *	 12  the index has as many entries as there are lines in the ring, and not one more */
#ifndef LAG
#define LAG 0
#endif
#ifndef MISTAKE
#define MISTAKE 0
#endif

#define N 5
#define BLANK 3
#define STATE_A 2
#define STATE_B 5
#define CELLS (2 * N)
#define RING 4
#if MISTAKE == 12
#define ENTRIES 2
#else
#define ENTRIES 3
#endif
#define HALF 4                       /* of the inlet */
#define ROOM_MIN 2
#define OUTBOX 4

#define SEQ_OF(line) ((line) < BLANK -> (line) : (line) - 1)
#define STATES_BEFORE(next) (((next) > SEQ_OF(STATE_A) -> 1 : 0) + ((next) > SEQ_OF(STATE_B) -> 1 : 0))

/* ---------------------------------------------------- the kernel and the peers, who live on */
byte taken;                          /* cells of the producer that recvmmsg() has given away */
byte got;                            /* the last cell that the subscriber has, or knows to be lost */

/* ------------------------------------------------------------------ the arena, which survives */
/* struct log_hot, index, ring */
byte tail_seq = 1, commits;
byte c_number[2], c_next[2], c_head[2], c_consumed[2], c_rare[2], c_sum[2];
byte rare_states[2], rare_sum[2];
byte idx[ENTRIES], ring[RING];
/* struct inlet: slot[receives & 1] is active */
bit receives;
byte done, i_base[2], i_offset[2], i_len[2];
bit i_half[2];
byte inlet[2 * HALF];
/* struct unix_slot: send[sends & 1] is active, the other the draft; one piece; outbox; cursor[0].seq */
bit sends;
byte t_head[2], t_tail[2], t_offered[2], t_len[2], t_from[2], t_to[2], t_length[2];
bit t_pieces[2];
byte outbox[OUTBOX], record_seq = 1;

#define ACTIVE (commits & 1)
#define IDLE (1 - ACTIVE)
#define next_seq c_next[ACTIVE]
#define head c_head[ACTIVE]
#define position c_consumed[ACTIVE]
#define RARE c_rare[ACTIVE]
#define BEGIN(seq) idx[(seq) % ENTRIES]
#define AT(offset) ring[(offset) % RING]
#define RECEIVED (i_base[receives] + i_len[receives])
#define DATA(i) inlet[i_half[receives] * HALF + i_offset[receives] + done + (i) - i_base[receives]]
#define DRAFT (1 - sends)
#define PENDING (t_tail[DRAFT] - t_head[DRAFT])

/* -------------------------------------------------------------------------------- what is promised */
/* The subscriber gets a cell: each once, in order, lines whole. */
inline deliver(cell)
{
	if
	:: cell >= 64 ->                 /* a gap, of the lines [from, to] */
		assert(got % 2 == 0);        /* never within a line */
		line = got / 2 + 1 + (got / 2 + 1 == BLANK -> 1 : 0);
		assert((cell - 64) / 8 == SEQ_OF(line));
		line = (cell - 64) % 8;
		got = 2 * (line < BLANK -> line : line + 1)
	:: else ->
		if
		:: got == 2 * BLANK - 2 -> assert(cell == got + 3)
		:: else -> assert(cell == got + 1)
		fi;
		got = cell
	fi
}

/* What no SIGKILL can part, or what it does not matter if it does.  Nothing jumps into a d_step. */
#define AT_ONCE skip; d_step

/* A SIGKILL comes between two stores, or it does not. */
#define K if :: goto restart :: skip fi

/* log_publish(), log_write_rare() */
inline publish(of_next, of_head, of_consumed, of_states)
{
	slot = RARE;
	if
	:: of_states != rare_states[RARE] ->
#if MISTAKE != 7
		slot = 1 - slot;
#endif
		rare_states[slot] = of_states; K;
		rare_sum[slot] = of_states; K
	:: else
	fi;
#if MISTAKE == 1
	commits++; K;
	AT_ONCE { c_number[ACTIVE] = commits; c_next[ACTIVE] = of_next; c_head[ACTIVE] = of_head }; K;
	AT_ONCE { c_consumed[ACTIVE] = of_consumed; c_rare[ACTIVE] = slot };
	c_sum[ACTIVE] = commits + of_next + of_head + of_consumed + slot; K
#else
	c_number[IDLE] = commits + 1; K;
	c_next[IDLE] = of_next; K;
	c_head[IDLE] = of_head; K;
	c_consumed[IDLE] = of_consumed; K;
	c_rare[IDLE] = slot; K;
	c_sum[IDLE] = commits + 1 + of_next + of_head + of_consumed + slot; K;
	commits++; K
#endif
}

/* log_append() of the line whose first cell is `cell`: log_write(), log_trim(), log_make_true() */
inline append(cell, upto)
{
	AT_ONCE {
		was_next = next_seq; was_head = head; states = rare_states[RARE];
		line = (cell + 1) / 2;
		if :: line == STATE_A || line == STATE_B -> states++ :: else fi
	};
#if MISTAKE != 3
	if
	:: was_head + 2 - BEGIN(tail_seq) > RING -> tail_seq++; K      /* log_set_tail() */
	:: else
	fi;
#endif
	AT(was_head) = cell; K;              /* encoder_line() */
	AT(was_head + 1) = cell + 1; K;
#if MISTAKE == 3
	if
	:: was_head + 2 - BEGIN(tail_seq) > RING -> tail_seq++; K
	:: else
	fi;
#endif
#if MISTAKE == 6
	publish(was_next + 1, was_head + 2, upto, states);
	BEGIN(was_next + 1) = was_head + 2; K
#else
	BEGIN(was_next + 1) = was_head + 2; K;
	publish(was_next + 1, was_head + 2, upto, states)
#endif
}

/* log_recover(): log_recover_commit(), log_recover_tail(), log_lines_valid().  A log that is refused
 * costs its epoch, so here it never may be. */
inline recover_log()
{
	AT_ONCE {
		assert(c_number[ACTIVE] == commits);
		assert(c_sum[ACTIVE] == commits + next_seq + head + position + RARE);
		assert(rare_sum[RARE] == rare_states[RARE]);
		assert(rare_states[RARE] == STATES_BEFORE(next_seq));
		assert(tail_seq >= 1 && tail_seq <= next_seq);
		assert(BEGIN(tail_seq) <= head && head - BEGIN(tail_seq) <= RING);
		i = tail_seq;
		do
		:: i < next_seq ->
			assert(BEGIN(i + 1) == BEGIN(i) + 2);
			assert(AT(BEGIN(i)) % 2 == 1 && AT(BEGIN(i) + 1) == AT(BEGIN(i)) + 1);
			i++
		:: else -> break
		od;
		assert(BEGIN(next_seq) == head);
		/* A position never runs ahead of what is committed, nor stays behind. */
		line = position / 2;
		assert(next_seq == 1 + line - (line >= BLANK -> 1 : 0));
		assert(done <= position);
		i = 0; line = 0
	}
}

/* inlet_recover() */
inline recover_inlet()
{
#if MISTAKE != 9
	if :: position > done -> done = position; K :: else fi;
#endif
	assert(done <= RECEIVED && RECEIVED - done <= i_offset[receives] + i_len[receives])
}

/* unix_draft_settle(), settle_part(), settle_cursor(), draft_begin(); unix_draft_save_rest().
 * In `cut`: 1, and the rest of the line in `rest`; or 2: between two lines. */
inline settle()
{
	AT_ONCE {
		n = t_len[sends];
		m = (n < t_offered[sends] -> n : t_offered[sends]);
		n = n - m; cut = 0; rest = 0;
		if
		:: t_pieces[sends] && n == t_length[sends] -> record_seq = t_to[sends]
		:: t_pieces[sends] && n == 0 && t_length[sends] > 0 -> record_seq = t_from[sends]
		:: t_pieces[sends] && n > 0 && n < t_length[sends] ->
			assert(t_from[sends] >= tail_seq);   /* else its rest is gone with its place */
			i = t_from[sends];
			do
			:: i + 1 < t_to[sends] && BEGIN(i + 1) <= BEGIN(t_from[sends]) + n -> i++
			:: else -> break
			od;
			cut = 2;
			if
			:: BEGIN(i) < BEGIN(t_from[sends]) + n ->
				cut = 1; rest = AT(BEGIN(i) + 1); i++
			:: else
			fi;
			record_seq = i
		:: else
		fi;
		i = 0
	}; K;
	AT_ONCE {
		t_head[DRAFT] = t_head[sends] + m; t_tail[DRAFT] = t_tail[sends];
		if :: PENDING == 0 -> t_head[DRAFT] = 0; t_tail[DRAFT] = 0 :: else fi;   /* outbox_begin() */
		t_offered[DRAFT] = 0; t_pieces[DRAFT] = 0; t_len[DRAFT] = 0;
		t_from[DRAFT] = 0; t_to[DRAFT] = 0; t_length[DRAFT] = 0;
		n = 0; m = 0
	}; K;
#if MISTAKE == 4
	if :: cut == 1 -> cut = 0 :: else fi;
#endif
#if MISTAKE == 11
	if :: cut == 2 -> cut = 0 :: else fi;
#endif
	if
	:: cut > 0 ->
		if
		:: cut == 1 ->
			outbox[t_tail[DRAFT] % OUTBOX] = rest; K;
			t_tail[DRAFT] = t_tail[DRAFT] + 1
		:: else
		fi;
		AT_ONCE {
			t_pieces[DRAFT] = 1; t_length[DRAFT] = 0;
			t_from[DRAFT] = record_seq; t_to[DRAFT] = record_seq
		}; K;
		sends = DRAFT; K;                    /* unix_draft_commit() */
		AT_ONCE {
			t_head[DRAFT] = t_head[sends]; t_tail[DRAFT] = t_tail[sends];
			t_offered[DRAFT] = 0; t_pieces[DRAFT] = 0; t_len[DRAFT] = 0;
			t_from[DRAFT] = 0; t_to[DRAFT] = 0; t_length[DRAFT] = 0
		}; K
	:: else
	fi;
	cut = 0; rest = 0
}

/* What the shipped code never reads again is zeroed, so that states that differ in nothing else are
 * one: the idle halves of all pairs, and ring, index, inlet and outbox outside of what lives in them.
 * Read all the same, it would be wrong. */
inline forget()
{
	AT_ONCE {
		c_number[IDLE] = 0; c_next[IDLE] = 0; c_head[IDLE] = 0; c_consumed[IDLE] = 0;
		c_rare[IDLE] = 0; c_sum[IDLE] = 0;
		rare_states[1 - RARE] = 0; rare_sum[1 - RARE] = 0;
		i_base[1 - receives] = 0; i_half[1 - receives] = 0; i_offset[1 - receives] = 0;
		i_len[1 - receives] = 0;
		i = 0;
		do
		:: i < RING ->
			if
			:: head - BEGIN(tail_seq) <= (i + 2 * RING - BEGIN(tail_seq) % RING) % RING ->
				ring[i] = 0
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < ENTRIES ->
			if
			:: next_seq - tail_seq < (i + 2 * ENTRIES - tail_seq % ENTRIES) % ENTRIES -> idx[i] = 0
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		do
		:: i < 2 * HALF ->
			n = i_half[receives] * HALF + i_offset[receives] + i_len[receives];
			if
			:: i >= n || i + (RECEIVED - done) < n -> inlet[i] = 0
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0;
		n = (t_len[sends] < t_offered[sends] -> t_len[sends] : t_offered[sends]);
		do
		:: i < OUTBOX ->
			if
			:: i < t_head[sends] + n || i >= t_tail[sends] -> outbox[i] = 0
			:: else
			fi;
			i++
		:: else -> break
		od;
		i = 0; n = 0
	}
}

/* ------------------------------------------------------------------------- a life of the daemon */
active proctype daemon()
{
	byte cursor;                         /* struct cursor's seq */
	byte whole;                          /* of the batch, in cells; and how far it is read */
	byte at;
	bool batch, left;                    /* socket_take() gave one; producer->left */
	byte was_next, was_head, states, slot, line, i, m, n, cut, rest;

	/* log_begin(), log_format(); an empty inlet, an empty slot */
	AT_ONCE { c_number[0] = 0; c_next[0] = 1; c_sum[0] = 1 };

restart:
	AT_ONCE {
		cursor = 0; whole = 0; at = 0; batch = 0; left = 1; was_next = 0; was_head = 0; states = 0;
		slot = 0; line = 0; i = 0; m = 0; n = 0; cut = 0; rest = 0
	};
	/* graph_start(): the sinks open and recover_slot() takes the connections; stream_new() opens the log
	 * and tells the sinks, who settle by it (unix_recover_added()), and only then its source's body
	 * runs to its first await, which recovers the inlet: here that comes first, since settling looks
	 * at nothing of it. */
	recover_log();
	recover_inlet();
	forget();
#if MISTAKE == 10
	if
	:: RECEIVED - done >= 2 && (done / 2 + 1) != BLANK -> append(DATA(0), position + 2)
	:: else
	fi;
#endif
#if MISTAKE == 5
	/* as if all had been sent */
	AT_ONCE {
		if :: t_pieces[sends] -> record_seq = t_to[sends] :: else fi;
		t_head[DRAFT] = 0; t_tail[DRAFT] = 0; t_offered[DRAFT] = 0; t_len[DRAFT] = 0;
		t_pieces[DRAFT] = 0; t_from[DRAFT] = 0; t_to[DRAFT] = 0; t_length[DRAFT] = 0
	};
#else
	settle();
#endif
	cursor = record_seq;                 /* unix_subscription_adopt() */
loop:
	if
	/* socket_take(), producer_begin() */
	:: !batch && left ->
		AT_ONCE { left = 0; batch = 1; at = 0; whole = (RECEIVED - done) / 2 * 2 }

	/* inlet_prepare(), inlet_receive() */
	:: !batch && !left && taken < CELLS ->
		AT_ONCE {
			n = RECEIVED - done;
			i_base[1 - receives] = RECEIVED;
			i_half[1 - receives] = i_half[receives];
			i_offset[1 - receives] = (n > 0 -> i_offset[receives] + RECEIVED - i_base[receives] : 0);
			i_len[1 - receives] = 0
		};
		if
		:: HALF - i_offset[1 - receives] < ROOM_MIN ->
			i_half[1 - receives] = 1 - i_half[receives];
			i_offset[1 - receives] = n;
			do
			:: m < n -> inlet[i_half[1 - receives] * HALF + m] = DATA(m); m++; K
			:: else -> break
			od
		:: else
		fi; K;
		m = 1;
		do
		:: m < HALF - i_offset[1 - receives] && m < CELLS - taken && m < 3 -> m++
		:: break
		od;
		receives = 1 - receives; K;
		AT_ONCE {                             /* recvmmsg(): bytes and count cannot be parted */
			i = 0;
			do
			:: i < m ->
				taken++;
				inlet[i_half[receives] * HALF + i_offset[receives] + i] = taken; i++
			:: else -> break
			od;
			i_len[receives] = m; m = 0; n = 0; i = 0
		}; K;
		AT_ONCE { batch = 1; at = 0; whole = (RECEIVED - done) / 2 * 2 }

	/* socket_next(), socket_record(), pump_commit(); log_write() says -EAGAIN for a `block` cursor */
	:: batch && at < whole ->
		if
		:: (done + at) / 2 + 1 == BLANK -> at = at + 2
		:: else ->
			if
			:: LAG == 0 && head + 2 > BEGIN(cursor) + RING -> goto message
			:: else
			fi;
#if MISTAKE == 2
			AT_ONCE { n = DATA(at); done = done + 2; whole = whole - 2 }; K;
			append(n, done);
			n = 0
#else
			append(DATA(at), done + at + 2);
			at = at + 2
#endif
		fi

	/* socket_done(): stream_settle(), log_commit(), then inlet->done */
	:: batch && at == whole ->
		if
		:: done + at > position ->
			AT_ONCE {
				was_next = next_seq; was_head = head; states = rare_states[RARE]
			};
			publish(was_next, was_head, done + at, states)
		:: else
		fi;
		done = done + at; K;
		AT_ONCE { batch = 0; at = 0; whole = 0 }

	:: cursor < next_seq || PENDING > 0 -> goto message
	:: got == CELLS && taken == CELLS && !batch && !left -> goto over
	fi;
	AT_ONCE { was_next = 0; was_head = 0; states = 0; slot = 0; line = 0 };
	forget();
	goto loop;

	/* unix_deliver(): unix_step(), cursor_read(), fill(), send_batch() */
message:
	if
	:: cursor == next_seq && PENDING == 0 -> goto loop
	:: else
	fi;
	if
	:: cursor < tail_seq ->
		assert(LAG != 0);
		outbox[t_tail[DRAFT] % OUTBOX] = 64 + 8 * cursor + tail_seq - 1; K;
		t_tail[DRAFT] = t_tail[DRAFT] + 1;
		cursor = tail_seq
	:: else
	fi;
	AT_ONCE {
		t_pieces[DRAFT] = 1; t_from[DRAFT] = cursor; t_to[DRAFT] = next_seq;
		t_length[DRAFT] = head - BEGIN(cursor); t_offered[DRAFT] = PENDING;
		assert(t_tail[DRAFT] <= OUTBOX)
	}; K;
	sends = DRAFT; K;                    /* unix_draft_commit() */
	m = 0;
	do
	:: m < t_offered[sends] + t_length[sends] -> m++
	:: break
	od;
	AT_ONCE {                             /* sendmmsg(): bytes and count cannot be parted; 0: EAGAIN */
		i = 0;
		do
		:: i < m ->
			if
			:: i < t_offered[sends] -> n = outbox[(t_head[sends] + i) % OUTBOX]
			:: else -> n = AT(BEGIN(t_from[sends]) + i - t_offered[sends])
			fi;
			deliver(n);
			i++
		:: else -> break
		od;
#if MISTAKE != 8
		t_len[sends] = m; m = 0;
#endif
		n = 0; i = 0; line = 0
	}; K;
#if MISTAKE == 8
	t_len[sends] = m; m = 0; K;
#endif
	settle();
	cursor = record_seq;                 /* scatter() */
	forget();
	goto loop;
over:
	assert(got == CELLS && position == CELLS && done == CELLS && next_seq == N)
}
