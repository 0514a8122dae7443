export default {
  fetch: (request) => new Response(`workerd answers ${new URL(request.url).pathname}`),
};
