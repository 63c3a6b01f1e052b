using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using TinyWorker.Dashboard.Access;
using TinyWorker.Dashboard.Serving;

namespace TinyWorker.Dashboard.Streaming;

/// <summary>
/// Sends server-sent events to one viewer, each tick as a whole, until the viewer leaves, the time of the stream is over, or the
/// application stops. They are written by hand, for the framework's results cannot send comments. Thread-safe.
/// </summary>
internal sealed class EventStream(Audience audience, DashboardSettings settings, TimeProvider clock, CancellationToken stopping)
{
    // So often something is sent, so that proxies do not take the stream for dead.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    // So long a viewer has to take the end of the stream before the connection is cut. A viewer that reads nothing must not delay the stop.
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(0.2);

    private static readonly byte[] Beginning = ": the troupes\nretry: 2000\n\n"u8.ToArray();
    private static readonly byte[] Comment = ":\n\n"u8.ToArray();

    public async Task ServeAsync(HttpContext context, Admission admission)
    {
        var mayControl = settings.AllowControl && admission >= Admission.Developer;
        var isStopping = stopping.IsCancellationRequested;
        if (isStopping || !audience.TryJoin(mayControl))
        {
            context.Response.Headers.RetryAfter = "10";
            await Answer.WithAsync(
                context, StatusCodes.Status503ServiceUnavailable, isStopping ? Texts.IsStopping : Texts.TooManyViewers);
            return;
        }

        var isWriting = false;
        try
        {
            var response = context.Response;
            response.ContentType = "text/event-stream";
            response.Headers.CacheControl = "no-store, no-transform";
            response.Headers["X-Accel-Buffering"] = "no";   // nginx would collect the events
            context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
            using var lifetime = new CancellationTokenSource(settings.StreamLifetime, clock);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping, lifetime.Token);
            await SendAsync(Beginning);
            for (var sent = 0L; ;)
            {
                var (tick, next) = audience.Latest();
                if (tick is null || tick.Number == sent)
                {
                    if (!await IsThereAsync(next, end.Token)) await SendAsync(Comment);
                    continue;
                }

                foreach (var part in tick.Events) await SendAsync(part);
                sent = tick.Number;
            }

            async Task SendAsync(ReadOnlyMemory<byte> bytes)
            {
                isWriting = true;
                await response.Body.WriteAsync(bytes, end.Token);
                await response.Body.FlushAsync(end.Token);
                isWriting = false;
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException || context.RequestAborted.IsCancellationRequested)
        {
            // One that does not read would keep its connection open.
            if (isWriting || stopping.IsCancellationRequested) await CutAsync(context, isWriting);
        }
        finally
        {
            await audience.LeaveAsync(mayControl);
        }
    }

    // False if it is time for a sign of life.
    private async Task<bool> IsThereAsync(Task next, CancellationToken end)
    {
        if (settings.Interval < KeepAlive)
        {
            await next.WaitAsync(end);
            return true;
        }

        try
        {
            await next.WaitAsync(KeepAlive, clock, end);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static async Task CutAsync(HttpContext context, bool isWriting)
    {
        try
        {
            if (!isWriting)
            {
                await context.Response.CompleteAsync().WaitAsync(Farewell, TimeProvider.System, context.RequestAborted);
                await Task.Delay(Farewell, TimeProvider.System, context.RequestAborted);
            }
        }
        catch (Exception gone) when (gone is OperationCanceledException or TimeoutException or IOException)
        {
        }

        context.Abort();
    }
}
