namespace TinyWorker.Hosting;

/// <summary>
/// What is being made in this flow of code: troupes by the container, and workers of them. So a troupe that is needed to make itself is
/// refused, before the container runs into itself without end.
/// </summary>
/// <remarks>
/// A worker on a thread of its own that asks for its troupe through another service gets it as soon as the container has it: nobody waits
/// for that worker meanwhile. What would never end is found here: an inline troupe, whose workers are made while it is made, and a function
/// that makes a troupe and asks for it.
/// </remarks>
internal sealed class Making : IDisposable
{
    private static readonly AsyncLocal<Making?> Current = new();

    private readonly TroupeRegistration _registration;
    private readonly string? _worker;
    private readonly Making? _outer;

    private Making(TroupeRegistration registration, string? worker)
    {
        (_registration, _worker, _outer) = (registration, worker, Current.Value);
        Current.Value = this;
    }

    /// <summary>A troupe is made in this flow, until what is returned is disposed.</summary>
    /// <exception cref="InvalidOperationException">It is being made in this flow already, or a worker of it is.</exception>
    public static Making OfTroupe(TroupeRegistration registration)
    {
        for (var each = Current.Value; each is not null; each = each._outer)
        {
            if (each._registration != registration) continue;
            throw TakesItself(registration, each._worker is { } worker ? $"its worker {worker}" : "the function that makes it");
        }

        return new Making(registration, worker: null);
    }

    /// <summary>A worker is made in this flow, until what is returned is disposed.</summary>
    public static Making OfWorker(TroupeRegistration registration, string worker) => new(registration, worker);

    /// <param name="registration">The troupe.</param>
    /// <param name="taker">What takes it.</param>
    public static InvalidOperationException TakesItself(TroupeRegistration registration, string taker) => new(
        $"The troupe '{registration.Name}' cannot be made: {taker} takes it from the container, and would need it before there is one. " +
        "If a task needs its own troupe, take an IServiceProvider instead, and get the troupe from it while the task runs.");

    public void Dispose() => Current.Value = _outer;
}
