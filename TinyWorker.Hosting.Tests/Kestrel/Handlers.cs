using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;

namespace TinyWorker.Hosting.Tests.Kestrel;

/// <summary>The request handlers that docs/hosting.md shows.</summary>
internal static class Handlers
{
    public static void Map(IEndpointRouteBuilder app)
    {
        // <sample>
        // Waits for room and for the result, without a thread. If the client hangs up, the task is cancelled.
        app.MapGet("/answers/{question}", (
            int question, [FromKeyedServices("models")] ITinyTroupe<int, int> models, CancellationToken aborted) =>
            models.CallAsync(question, aborted));

        // Waits for the result only. If the troupe is full, the client is told to come back.
        app.MapGet("/answers-or-503/{question}", async (
            int question, [FromKeyedServices("models")] TinyTroupe<int, int> models, HttpContext http) =>
        {
            if (models.TrySubmit(question, out var future, http.RequestAborted)) return Results.Ok(await future);
            http.Response.Headers.RetryAfter = "1";   // seconds
            return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        });
        // </sample>
    }
}
