/* An echo by libwebsockets, which compresses and validates text; both are off by default. Pieces are
 * echoed as they arrive.
 *
 *   libwebsockets PORT
 */

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_PIECE = 64 * 1024, ALIGNMENT = 16 };

/* Pieces to send, each with room for a frame's header before it. */
struct session {
    unsigned char *pieces;
    size_t room, filled, sent;
};

struct piece {
    size_t len;
    enum lws_write_protocol kind;
};

static size_t payload_at(size_t start) { return start + sizeof(struct piece) + LWS_PRE; }

static size_t next_at(size_t start, size_t len) {
    return (payload_at(start) + len + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int keep(struct session *session, struct lws *client, const void *payload, size_t len) {
    size_t start = session->filled, end = next_at(start, len);
    if (end > session->room) {
        unsigned char *larger = realloc(session->pieces, 2 * end);
        if (!larger) return -1;
        session->pieces = larger;
        session->room = 2 * end;
    }
    enum lws_write_protocol kind = lws_frame_is_binary(client) ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
    if (!lws_is_first_fragment(client)) kind = LWS_WRITE_CONTINUATION;
    if (!lws_is_final_fragment(client)) kind |= LWS_WRITE_NO_FIN;
    struct piece piece = {len, kind};
    memcpy(session->pieces + start, &piece, sizeof piece);
    memcpy(session->pieces + payload_at(start), payload, len);
    session->filled = end;
    return 0;
}

/* One piece for each time that it is told that it can write, as its documentation asks. */
static int send_piece(struct session *session, struct lws *client) {
    if (session->sent == session->filled) return 0;
    struct piece piece;
    memcpy(&piece, session->pieces + session->sent, sizeof piece);
    unsigned char *payload = session->pieces + payload_at(session->sent);
    if (lws_write(client, payload, piece.len, piece.kind) < (int)piece.len) return -1;
    session->sent = next_at(session->sent, piece.len);
    if (session->sent < session->filled)
        lws_callback_on_writable(client);
    else
        session->sent = session->filled = 0;
    return 0;
}

static int on_event(struct lws *client, enum lws_callback_reasons reason, void *user, void *payload, size_t len) {
    struct session *session = user;
    switch (reason) {
    case LWS_CALLBACK_RECEIVE:
        if (keep(session, client, payload, len)) return -1;
        lws_callback_on_writable(client);
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return send_piece(session, client);
    case LWS_CALLBACK_CLOSED:
        free(session->pieces);
        session->pieces = NULL;
        return 0;
    default:
        return 0;
    }
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    const struct lws_protocols protocols[] = {
        {"", on_event, sizeof(struct session), LONGEST_PIECE, 0, NULL, 0},
        {NULL, NULL, 0, 0, 0, NULL, 0},
    };
    const struct lws_extension extensions[] = {
        {"permessage-deflate", lws_extension_callback_pm_deflate, "permessage-deflate"},
        {NULL, NULL, NULL},
    };
    struct lws_context_creation_info info;
    memset(&info, 0, sizeof info);
    info.port = atoi(arguments[1]);
    info.iface = "127.0.0.1";
    info.protocols = protocols;
    info.extensions = extensions;
    info.pt_serv_buf_size = LONGEST_PIECE;
    info.options = LWS_SERVER_OPTION_VALIDATE_UTF8 | LWS_SERVER_OPTION_DISABLE_IPV6;
    lws_set_log_level(LLL_ERR, NULL);
    struct lws_context *context = lws_create_context(&info);
    if (!context) return 1;
    while (lws_service(context, 0) >= 0) {
    }
    lws_context_destroy(context);
    return 0;
}
