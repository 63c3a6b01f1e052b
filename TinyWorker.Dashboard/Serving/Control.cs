using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using TinyWorker.Dashboard.Access;
using TinyWorker.Dashboard.State;
using TinyWorker.Dashboard.Streaming;

namespace TinyWorker.Dashboard.Serving;

/// <summary>Does to a troupe what somebody asks for who may. Thread-safe.</summary>
internal sealed class Control(Audience audience, ControlToken token, ILogger logger)
{
    private const int MostBytes = 1000;

    public async Task ServeAsync(HttpContext context, Admission admission)
    {
        if (admission < Admission.Developer)
        {
            await Answer.WithAsync(context, StatusCodes.Status403Forbidden, Texts.NoControl);
            return;
        }

        if (!token.IsOf(context.User, context.Request.Headers[ControlToken.Header]))
        {
            await Answer.WithAsync(context, StatusCodes.Status403Forbidden, Texts.WrongToken);
            return;
        }

        var (status, text) = await ReadAsync(context) is { } request ? Do(context, request)
            : (StatusCodes.Status400BadRequest, Texts.NotJson);
        if (text is not null) await Answer.WithAsync(context, status, text);
        else context.Response.StatusCode = status;
    }

    private static async Task<ControlRequest?> ReadAsync(HttpContext context)
    {
        if (!context.Request.HasJsonContentType()) return null;
        var buffer = new byte[MostBytes + 1];
        var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
        if (length > MostBytes) return null;
        try
        {
            return JsonSerializer.Deserialize(buffer.AsSpan(0, length), DashboardJson.Default.ControlRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private (int Status, string? Text) Do(HttpContext context, ControlRequest request)
    {
        if (request.Troupe is not { } id) return (StatusCodes.Status400BadRequest, Texts.NoTroupe);
        if (audience.Find(id) is not { } troupe) return (StatusCodes.Status404NotFound, Texts.TroupeHasGone);
        if (troupe is not ITroupeControl control) return (StatusCodes.Status409Conflict, Texts.CannotBeControlled);
        var (status, text) = Do(control, request);
        var user = context.User.Identity?.Name ?? context.Connection.RemoteIpAddress?.ToString() ?? "somebody";
        var of = string.Join(", ", Named("workers", request.Workers), Named("worker", request.Worker), Named("task", request.Task));
        Log.Controlled(logger, user, Shorten.To(request.Action ?? "", 20), troupe.Name, of, status);
        return (status, text);
    }

    private static string Named<T>(string name, T? value) => $"{name} {value?.ToString() ?? "-"}";

    private static (int Status, string? Text) Do(ITroupeControl control, ControlRequest request)
    {
        const int BadRequest = StatusCodes.Status400BadRequest;
        switch (request)
        {
            case { Action: "pause" }:
                control.Pause();
                return Done(true, null);
            case { Action: "resume" }:
                control.Resume();
                return Done(true, null);
            case { Action: "resize", Workers: { } workers }:
                return Resize(control, workers);
            case { Action: "recycle", Worker: { } worker }:
                return Done(control.RecycleWorker(worker), Texts.WorkerHasGone);
            case { Action: "cancel", Worker: { } worker, Task: { } task }:
                return Done(control.Cancel(new RunningTask(worker, TimeSpan.Zero) { Number = task }), Texts.TaskHasGone);
            default:
                return (BadRequest, request.Action switch
                {
                    "resize" => Texts.NoWorkers,
                    "recycle" => Texts.NoWorker,
                    "cancel" => Texts.NoTask,
                    _ => Texts.NoAction,
                });
        }
    }

    private static (int Status, string? Text) Resize(ITroupeControl control, int workers)
    {
        try
        {
            control.Resize(workers);
            return Done(true, null);
        }
        catch (ArgumentOutOfRangeException exception)
        {
            return (StatusCodes.Status400BadRequest, Shorten.To(exception.Message.Split('\n')[0].Trim(), 300));
        }
        catch (ObjectDisposedException)
        {
            return (StatusCodes.Status404NotFound, Texts.TroupeHasGone);
        }
    }

    private static (int Status, string? Text) Done(bool isDone, string? text) =>
        isDone ? (StatusCodes.Status204NoContent, null) : (StatusCodes.Status409Conflict, text);
}
