using Microsoft.AspNetCore.Diagnostics;

namespace TinyWorker.Examples.Web;

// <sample>
/// <summary>Answers a request whose task has failed with the status code that says why.</summary>
internal sealed class TroupeExceptionHandler(IProblemDetailsService problems) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext http, Exception exception, CancellationToken cancellationToken)
    {
        if (StatusOf(exception, http.RequestAborted.IsCancellationRequested) is not { } status) return false;   // which makes it 500
        http.Response.StatusCode = status;
        if (status == StatusCodes.Status503ServiceUnavailable) http.Response.Headers.RetryAfter = "1";   // seconds
        await problems.TryWriteAsync(new() { HttpContext = http });   // no text of the exception: it is not for clients
        return true;
    }

    private static int? StatusOf(Exception exception, bool isClientGone) => exception switch
    {
        WorkerCrashedException => StatusCodes.Status502BadGateway,           // its worker process died
        WorkerStartException => StatusCodes.Status503ServiceUnavailable,     // no worker could be made
        ObjectDisposedException => StatusCodes.Status503ServiceUnavailable,  // the troupe is stopped
        TimeoutException => StatusCodes.Status504GatewayTimeout,             // TaskTimeout, Timeout or Deadline
        OperationCanceledException when isClientGone => StatusCodes.Status499ClientClosedRequest,
        OperationCanceledException => StatusCodes.Status503ServiceUnavailable,   // cancelled because the application stops
        _ => null,
    };
}
// </sample>
