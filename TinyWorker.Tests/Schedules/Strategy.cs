namespace TinyWorker.Tests.Schedules;

/// <summary>Decides who goes on. Its decisions follow from its seed, and from what is asked.</summary>
internal abstract class Strategy
{
    /// <summary>The strategy of a seed: walks and priorities take turns, with one, two and three change points.</summary>
    /// <param name="seed">Which one.</param>
    /// <param name="steps">About how many steps the program takes.</param>
    public static Strategy Of(int seed, int steps) =>
        seed % 2 == 0 ? new RandomWalk(seed) : new Priorities(seed, changes: 1 + seed / 2 % 3, steps);

    /// <param name="ready">Those who can go on; at least one.</param>
    /// <param name="current">Who had the turn; perhaps it is not ready.</param>
    /// <param name="step">How many steps were made.</param>
    public abstract Actor Choose(List<Actor> ready, Actor current, int step);

    public virtual void Born(Actor actor)
    {
    }

    /// <summary>The actor looks again and again for what only another can bring.</summary>
    public virtual void Yielded(Actor actor)
    {
    }
}
