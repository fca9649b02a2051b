/* The API's page. "Try it out" sends the session's CSRF token; a bearer token works as well. */
(function () {
  "use strict";

  const root = document.getElementById("swagger-ui");
  window.SwaggerUIBundle({
    url: root.dataset.schemaUrl,
    domNode: root,
    deepLinking: true,
    docExpansion: "none",
    presets: [window.SwaggerUIBundle.presets.apis],
    requestInterceptor(request) {
      request.headers["X-CSRFToken"] = root.dataset.csrfToken;
      return request;
    },
  });
})();
