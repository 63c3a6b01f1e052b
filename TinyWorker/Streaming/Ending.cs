using System.Runtime.ExceptionServices;
using TinyWorker.Threading;

namespace TinyWorker.Streaming;

/// <summary>
/// The end of something in several steps, each of which is made, whatever the others throw. Where several errors meet, the first is thrown,
/// so that whoever expects its type catches it. The later ones go with it, in its <see cref="Exception.Data"/>.
/// </summary>
internal sealed class Ending
{
    /// <summary>The key in <see cref="Exception.Data"/>; the value is an array of exceptions.</summary>
    public const string LaterErrors = "TinyWorker.LaterErrors";

    private const int Most = 16;   // an exception object that a program throws again and again must not grow for ever

    private static readonly Lock Adding = new();   // several maps may throw the same exception at once, and Data is not thread-safe

    private Exception? _first;
    private bool _isUnderWay;   // the first error is being thrown already

    /// <summary>The errors that go with an exception.</summary>
    public static IReadOnlyList<Exception> LaterThan(Exception first)
    {
        using (Uninterrupted.Enter(Adding)) return first.Data is { } data && data[LaterErrors] is Exception[] later ? later : [];
    }

    /// <summary>For the filter of a catch: notes the error that is under way, and catches nothing.</summary>
    public bool Note(Exception error)
    {
        _first ??= error;
        _isUnderWay = true;
        return false;
    }

    public void Run(Action step)
    {
        try
        {
            step();
        }
        catch (Exception e)
        {
            Add(e);
        }
    }

    public async ValueTask RunAsync(Func<ValueTask> step)
    {
        try
        {
            await step().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            Add(e);
        }
    }

    /// <summary>To be called after the last step: throws what the steps threw, unless it goes with an error that is under way.</summary>
    public void ThrowIfNew()
    {
        if (_first is not null && !_isUnderWay) ExceptionDispatchInfo.Throw(_first);
    }

    private void Add(Exception error)
    {
        if (_first is null) _first = error;
        else if (!ReferenceEquals(_first, error)) AddLater(_first, error);
    }

    private static void AddLater(Exception first, Exception later)
    {
        try
        {
            using (Uninterrupted.Enter(Adding))
            {
                var earlier = first.Data[LaterErrors] as Exception[] ?? [];
                if (earlier.Length < Most && !earlier.Contains(later)) first.Data[LaterErrors] = (Exception[])[.. earlier, later];
            }
        }
        catch (Exception)
        {
            // A type may override Data, and give a read-only one or none. The first error is what counts.
        }
    }
}
